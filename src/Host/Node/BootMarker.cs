using System.Text;
using ActorMigration.Host.Linux.Containers;
using Microsoft.Extensions.Logging;

namespace ActorMigration.Host.Node;

/// <summary>The boot in which this host's daemon has last taken its journal up: a file beside it.</summary>
/// <param name="path">Of the file.</param>
/// <param name="boot">The boot now.</param>
internal sealed class BootMarker(string path, string boot)
{
    internal const string FileName = "boot";

    /// <summary>True when the host was booted since, or the daemon never ran here: nothing of its attempts stands.</summary>
    internal bool WasBooted { get; } = !File.Exists(path) || File.ReadAllText(path) != boot;

    /// <summary>The journal is about to be taken up in this boot. A disk that is full costs the next start of the daemon a wait, and not this one.</summary>
    internal void Note(ILogger log)
    {
        if (!WasBooted)
        {
            return;
        }

        try
        {
            DurableFile.Write(path, Encoding.ASCII.GetBytes(boot));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            log.LogWarning("That this boot was taken up could not be written ({Reason}): a next start of this daemon may wait for voters once more", failure.Message);
        }
    }
}
