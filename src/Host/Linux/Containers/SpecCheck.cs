using System.Diagnostics.CodeAnalysis;
using ActorMigration.Contracts;

namespace ActorMigration.Host.Linux.Containers;

/// <summary>
/// What a spec may ask for, checked on every host that generates a config from it, since it may have come from another host.
/// </summary>
public static class SpecCheck
{
    /// <summary>Arguments, variables and mounts together: above any real service, below what would make a config a burden.</summary>
    public const int MaxStrings = 1024;

    /// <summary>Bytes of one argument or variable: what execve takes at most (MAX_ARG_STRLEN).</summary>
    public const int MaxStringLength = 131_072;

    /// <summary>Extra tmpfs mounts; each costs about 6 ms of every stop.</summary>
    public const int MaxTmpfs = 8;

    private static readonly string[] OwnMounts = ["/", "/proc", "/dev", "/sys"];

    /// <exception cref="ArgumentException">The sentence says what is wrong.</exception>
    public static void Validate(ContainerSpec spec)
    {
        Require(ContainerName.IsValid(spec.Name.Value), ContainerName.Rule);
        Require(spec.Args.Length > 0 && spec.Args[0].Length > 0, "a container needs a program to run");
        Require(spec.Args.Length + spec.Env.Length <= MaxStrings, $"a container has at most {MaxStrings} arguments and variables");
        foreach (var text in spec.Args.Concat(spec.Env))
        {
            Require(text.Length <= MaxStringLength && !text.Contains('\0'), "an argument or variable is too long or holds a NUL");
        }

        Require(spec.Env.All(entry => entry.IndexOf('=') > 0), "a variable is written KEY=VALUE");
        Require(IsCleanPath(spec.WorkingDirectory), $"the working directory {spec.WorkingDirectory} is not an absolute path without . and ..");
        Require(spec.Uid >= 0 && spec.Gid >= 0, "user and group ids are not negative");
        Require(spec.Limits is { MemoryBytes: >= 0, CpuMillis: >= 0, Pids: >= 0 }, "limits are not negative");
        Require(spec.StopSignal is > 0 and < 65, "a stop signal is between 1 and 64");
        Require(spec.Placement is not null, "a container has a placement");
        Require(spec.Placement.WhyNot() is null, spec.Placement.WhyNot() ?? "");
        Require(spec.Tmpfs.Length <= MaxTmpfs, $"a container has at most {MaxTmpfs} tmpfs mounts of its own");
        Require(spec.Tmpfs.Distinct().Count() == spec.Tmpfs.Length, "a tmpfs mount is named twice");
        foreach (var path in spec.Tmpfs)
        {
            Require(
                IsCleanPath(path) && path.Length > 1 && !Array.Exists(OwnMounts, own => path == own || (own.Length > 1 && path.StartsWith(own + "/", StringComparison.Ordinal))),
                $"a tmpfs at {path} is not possible: an absolute path outside /proc, /dev and /sys is needed");
        }
    }

    /// <summary>Absolute, no empty part, no dot parts, no control character.</summary>
    internal static bool IsCleanPath(string path)
        => path == "/" || (path.Length is > 1 and < 4096 && path[0] == '/' && !path.Any(char.IsControl)
            && path[1..].Split('/').All(part => part is not ("" or "." or "..")));

    private static void Require([DoesNotReturnIf(false)] bool condition, string sentence)
    {
        if (!condition)
        {
            throw new ArgumentException(sentence);
        }
    }
}
