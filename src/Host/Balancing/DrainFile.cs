using System.Text;
using ActorMigration.Actors;
using ActorMigration.Contracts;
using ActorMigration.Host.Linux.Containers;

namespace ActorMigration.Host.Balancing;

/// <summary>A host that is drained has a file <c>drained</c> in its state directory with the reason in it, so that it is drained after a restart too.</summary>
public sealed class DrainFile : IDrainMark
{
    private readonly string _path;
    private volatile DrainCause _cause;

    /// <summary>A file whose reason cannot be read is the operator's: that one lasts.</summary>
    public DrainFile(string directory)
    {
        _path = Path.Combine(directory, "drained");
        _cause = !File.Exists(_path) ? DrainCause.None : Enum.TryParse<DrainCause>(File.ReadAllText(_path), out var cause) && cause == DrainCause.Shutdown ? cause : DrainCause.Operator;
    }

    public DrainCause Cause => _cause;

    public void Set(DrainCause cause)
    {
        try
        {
            if (cause != DrainCause.None)
            {
                DurableFile.Write(_path, Encoding.ASCII.GetBytes(cause.ToString()));
            }
            else
            {
                File.Delete(_path);
                DurableFile.SyncDirectory(Path.GetDirectoryName(_path)!);
            }

            _cause = cause;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or Linux.LinuxException)
        {
            throw new AttemptException(MigrationFailure.Internal, $"{_path} cannot be {(cause == DrainCause.None ? "removed" : "written")}: {e.Message}", e);
        }
    }
}
