using System.Text;
using Microsoft.Win32.SafeHandles;

namespace ActorMigration.Host.Linux.Criu;

/// <summary>
/// A named pipe through which a script is told, or tells, a line. Both ends are held open here: nobody's open or write ever blocks, and a line waits until it is read.
/// When this process ends, a reader gets end of file.
/// </summary>
internal sealed class CommandPipe : IDisposable
{
    private CommandPipe(string path)
    {
        Path = path;
        Handle = Interop.Open(path, Interop.O_RDWR | Interop.O_NONBLOCK | Interop.O_CLOEXEC);
        if (Handle.IsInvalid)
        {
            throw LinuxException.FromLastError("open", path);
        }
    }

    internal string Path { get; }

    internal SafeFileHandle Handle { get; }

    /// <summary>Makes a new one, replacing what is there.</summary>
    internal static CommandPipe Make(string path)
    {
        File.Delete(path);
        return Interop.Fifo.MkFifo(path, 0x180 /* 0600 */) == 0 ? new CommandPipe(path) : throw LinuxException.FromLastError("mkfifo", path);
    }

    /// <summary>Opens one that an earlier daemon made.</summary>
    internal static CommandPipe Open(string path) => new(path);

    /// <summary>Writes one line.</summary>
    internal unsafe void Tell(string word)
    {
        var line = Encoding.ASCII.GetBytes(word + "\n");
        fixed (byte* start = line)
        {
            // SAFETY: line is pinned and line.Length bytes long. A pipe takes so few bytes whole or not at all.
            if (Interop.Write(Handle, start, (nuint)line.Length) != line.Length)
            {
                throw LinuxException.FromLastError("write", Path);
            }
        }
    }

    /// <summary>Takes out what was written; empty when there is nothing.</summary>
    internal unsafe string Drain()
    {
        var buffer = stackalloc byte[4096];
        // SAFETY: at most 4096 bytes are written to the buffer.
        var count = Interop.Read(Handle, buffer, 4096);
        return count > 0 ? Encoding.ASCII.GetString(buffer, (int)count) : "";
    }

    public void Dispose() => Handle.Dispose();
}
