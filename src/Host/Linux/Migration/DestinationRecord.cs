using System.Text.Json;
using ActorMigration.Contracts;
using ActorMigration.Host.Linux.Containers;

namespace ActorMigration.Host.Linux.Migration;

/// <summary>What a destination must know of its attempt after its daemon was restarted: <c>STATE/attempts/NAME-FENCE/attempt.json</c>, written in prepare.</summary>
/// <param name="Attempt">The attempt.</param>
/// <param name="Spec">What comes.</param>
/// <param name="Fence">Of the attempt; of the container once it runs here.</param>
internal sealed record DestinationRecord(AttemptId Attempt, ContainerSpec Spec, Fence Fence)
{
    private const string FileName = "attempt.json";

    internal void Save(string directory)
    {
        Directory.CreateDirectory(directory);
        DurableFile.Write(Path.Combine(directory, FileName), JsonSerializer.SerializeToUtf8Bytes(this));
    }

    /// <summary>
    /// Deletes the attempt's directory, and the record first: when the daemon dies half way the one after it finds no attempt, and not one of which the gate's pipes or the
    /// helpers' files are gone already. It then deletes the rest.
    /// </summary>
    internal static void Delete(string directory)
    {
        if (Directory.Exists(directory))
        {
            File.Delete(Path.Combine(directory, FileName));
            Directory.Delete(directory, recursive: true);
        }
    }

    /// <summary>Null when prepare has not come so far, or the attempt is cleaned up.</summary>
    internal static DestinationRecord? Load(string directory)
    {
        var path = Path.Combine(directory, FileName);
        return File.Exists(path) ? JsonSerializer.Deserialize<DestinationRecord>(File.ReadAllBytes(path)) : null;
    }
}
