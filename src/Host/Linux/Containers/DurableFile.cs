namespace ActorMigration.Host.Linux.Containers;

/// <summary>A file that is old or new after a crash, never half: written beside its place, fsynced, renamed, and its directory fsynced.</summary>
internal static class DurableFile
{
    internal static void Write(string path, ReadOnlySpan<byte> content)
    {
        var beside = $"{path}.{Path.GetRandomFileName()}.new";
        try
        {
            using (var file = new FileStream(beside, FileMode.CreateNew, FileAccess.Write))
            {
                file.Write(content);
                file.Flush(flushToDisk: true);
            }

            File.Move(beside, path, overwrite: true);
        }
        catch
        {
            File.Delete(beside);
            throw;
        }

        SyncDirectory(Path.GetDirectoryName(path)!);
    }

    /// <summary>Makes renames and deletions in a directory last.</summary>
    internal static void SyncDirectory(string directory)
    {
        using var handle = Interop.Open(directory, Interop.O_RDONLY | Interop.O_DIRECTORY | Interop.O_CLOEXEC);
        if (handle.IsInvalid || Interop.FSync(handle) != 0)
        {
            throw LinuxException.FromLastError("fsync", directory);
        }
    }
}
