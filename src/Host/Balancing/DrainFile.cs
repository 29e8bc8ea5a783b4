using ActorMigration.Actors;
using ActorMigration.Contracts;
using ActorMigration.Host.Linux.Containers;

namespace ActorMigration.Host.Balancing;

/// <summary>A host that is drained has a file <c>drained</c> in its state directory, so that it is drained after a restart too.</summary>
public sealed class DrainFile : IDrainMark
{
    private readonly string _path;
    private volatile bool _isSet;

    public DrainFile(string directory)
    {
        _path = Path.Combine(directory, "drained");
        _isSet = File.Exists(_path);
    }

    public bool IsSet => _isSet;

    public void Set(bool drains)
    {
        try
        {
            if (drains)
            {
                DurableFile.Write(_path, []);
            }
            else
            {
                File.Delete(_path);
                DurableFile.SyncDirectory(Path.GetDirectoryName(_path)!);
            }

            _isSet = drains;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or Linux.LinuxException)
        {
            throw new AttemptException(MigrationFailure.Internal, $"{_path} cannot be {(drains ? "written" : "removed")}: {e.Message}", e);
        }
    }
}
