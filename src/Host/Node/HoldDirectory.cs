using ActorMigration.Actors;
using ActorMigration.Contracts;

namespace ActorMigration.Host.Node;

/// <summary>
/// Holds steps by files (<c>amig.debug.hold-dir</c>): while <c>DIR/Source.CopyingFrozen</c> is there, an attempt that comes to that step waits in it, and says so with
/// <c>DIR/Source.CopyingFrozen.held</c>, which has its id. Removing the first file lets it go on.
/// </summary>
internal sealed class HoldDirectory : IStepHolds
{
    private const string HeldSuffix = ".held";

    /// <summary>A test waits for it, a person never: short against any step that does work.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    private readonly string _directory;

    internal HoldDirectory(string directory)
    {
        _directory = Directory.CreateDirectory(directory).FullName;
        foreach (var stale in Directory.GetFiles(_directory, "*" + HeldSuffix))
        {
            // Of a daemon that was killed while it held.
            File.Delete(stale);
        }
    }

    public TimeSpan? LookEvery => Interval;

    public bool IsHeld(string step) => File.Exists(Path.Combine(_directory, step));

    public void Reached(string step, AttemptId attempt)
    {
        // Complete when it is seen.
        var path = HeldFile(step);
        File.WriteAllText(path + ".new", $"{attempt}\n");
        File.Move(path + ".new", path, overwrite: true);
    }

    public void Left(string step) => File.Delete(HeldFile(step));

    private string HeldFile(string step) => Path.Combine(_directory, step + HeldSuffix);
}
