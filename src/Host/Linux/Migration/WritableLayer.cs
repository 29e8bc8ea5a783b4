using System.Globalization;
using ActorMigration.Host.Linux.Processes;

namespace ActorMigration.Host.Linux.Migration;

/// <summary>Size of a container's writable layer on its disk.</summary>
internal static class WritableLayer
{
    /// <summary>Blocks in use, in bytes, holes not counted.</summary>
    internal static async Task<long> BytesAsync(string upper, TimeProvider time, CancellationToken cancel)
    {
        // du counts hard links once and leaves holes out. Files that come and go while it looks make it end with 1: its sum is good enough.
        var result = await ToolProcess.TryRunAsync(new ToolCommand("du", "-sx", "--block-size=1", upper), time, cancel).ConfigureAwait(false);
        var number = result.Output.Split('\t', 2)[0];
        return long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes)
            ? bytes
            : throw new InvalidDataException($"du does not tell the size of {upper}: {result.Error.Trim()}");
    }
}
