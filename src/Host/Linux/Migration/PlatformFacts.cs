using System.Runtime.InteropServices;
using ActorMigration.Contracts;

namespace ActorMigration.Host.Linux.Migration;

/// <summary>
/// What this host offers a restored container, and whether that is enough for one that comes: asked in prepare on both sides. A missing CPU
/// feature would let the restore succeed and kill the program with SIGILL minutes later.
/// </summary>
internal static class PlatformFacts
{
    /// <summary>Mode in which pre-copy works.</summary>
    internal const string WriteProtect = "write-protect";

    /// <summary>Mode without pre-copy: one copy under the freeze.</summary>
    internal const string FrozenCopy = "frozen-copy";

    /// <summary>Reads this host.</summary>
    /// <param name="criuVersion">Of the CRIU that this node uses.</param>
    /// <param name="canTrack">Whether written-page tracking works here.</param>
    internal static Platform Read(string criuVersion, bool canTrack) => new(
        RuntimeInformation.ProcessArchitecture.ToString(),
        CpuFeatures(File.ReadLines("/proc/cpuinfo")),
        File.ReadAllText("/proc/sys/kernel/osrelease").Trim(),
        criuVersion,
        canTrack ? WriteProtect : FrozenCopy);

    /// <summary>The flags of the first processor, sorted: "flags : fpu vme …" on x86, "Features : …" on ARM.</summary>
    internal static string[] CpuFeatures(IEnumerable<string> cpuinfo)
    {
        foreach (var line in cpuinfo)
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0 && line.AsSpan(0, colon).TrimEnd() is "flags" or "Features")
            {
                return [.. line[(colon + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal)];
            }
        }

        return [];
    }

    /// <summary>The sentence that refuses a container of <paramref name="source"/> on this host, or null when it can run here.</summary>
    internal static string? Refusal(Platform source, Platform here)
    {
        if (source.Architecture != here.Architecture)
        {
            return $"the container is for {source.Architecture}, this host is {here.Architecture}";
        }

        var missing = source.CpuFeatures.Except(here.CpuFeatures, StringComparer.Ordinal).ToArray();
        if (missing.Length > 0)
        {
            return $"this host's CPU lacks {string.Join(", ", missing)}, which the container's programs may use: choose a host with the same CPU features";
        }

        // Images of a newer CRIU may hold what an older one does not know; the other way is CRIU's own promise.
        return Version.TryParse(source.Criu, out var theirs) && Version.TryParse(here.Criu, out var ours) && theirs > ours
            ? $"the source dumps with CRIU {source.Criu}, this host has {here.Criu}: update CRIU here first"
            : null;
    }
}
