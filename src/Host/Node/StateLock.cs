namespace ActorMigration.Host.Node;

/// <summary>Holds the state directory for one daemon, from start to exit; the kernel lets go of it when the process ends, however it ends.</summary>
public sealed class StateLock : IDisposable
{
    private readonly FileStream _file;

    private StateLock(FileStream file) => _file = file;

    /// <summary>Makes the directory if need be (0700) and takes it; throws <see cref="SettingsException"/> when another daemon has it.</summary>
    public static StateLock Take(string stateDirectory)
    {
        var path = Path.Combine(stateDirectory, "lock");
        try
        {
            Directory.CreateDirectory(stateDirectory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            // FileShare.None is flock(2) with LOCK_EX | LOCK_NB in this runtime.
            return new StateLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException e) when (File.Exists(path))
        {
            throw new SettingsException($"Another daemon uses {stateDirectory} (amig.state-dir): stop it first, or give this one a directory of its own.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SettingsException($"Cannot use {stateDirectory} (amig.state-dir): {e.Message}", e);
        }
    }

    public void Dispose() => _file.Dispose();
}
