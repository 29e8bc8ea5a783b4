using Microsoft.Win32.SafeHandles;

namespace ActorMigration.Host.Linux.Tracking;

/// <summary>
/// A process's address space as it is now: its mappings, and handles that stay with this address space even when the process
/// calls exec. Opened anew in each round, so that a round never looks through the handles of an address space that is gone.
/// </summary>
internal sealed class ProcessView : IDisposable
{
    private ProcessView(int tid, List<MemoryMapping> mappings, SafeFileHandle pagemap, SafeFileHandle memory)
    {
        Tid = tid;
        Mappings = mappings;
        Pagemap = pagemap;
        Memory = memory;
    }

    /// <summary>A live thread; reads go through it, as the leader may have ended.</summary>
    internal int Tid { get; }

    /// <summary>The wanted ones only, ascending.</summary>
    internal List<MemoryMapping> Mappings { get; }

    internal SafeFileHandle Pagemap { get; }

    internal SafeFileHandle Memory { get; }

    /// <summary>Null when the process has ended, or is ending and has given up its memory.</summary>
    internal static ProcessView? Open(int pid, ProcText text)
    {
        if (ProcTask.LiveThread(pid) is not { } tid)
        {
            return null;
        }

        var directory = $"/proc/{pid}/task/{tid}";
        SafeFileHandle? pagemap = null;
        SafeFileHandle? memory = null;
        try
        {
            // Handles first: when exec comes between, the mappings are of a newer space, and registration or IsRegistered tells.
            pagemap = OpenFile(directory + "/pagemap", Interop.O_RDWR);
            memory = OpenFile(directory + "/mem", Interop.O_RDONLY);
            var mappings = new List<MemoryMapping>();
            var maps = new MapsReader(text.Read(directory + "/maps"));
            while (maps.MoveNext())
            {
                if (maps.Current.IsWanted)
                {
                    mappings.Add(maps.Current);
                }
            }

            return new ProcessView(tid, mappings, pagemap, memory);
        }
        catch (Exception e)
        {
            pagemap?.Dispose();
            memory?.Dispose();
            if (e is LinuxException { Errno: Interop.Errno.ENOENT or Interop.Errno.ESRCH })
            {
                return null;
            }

            throw;
        }
    }

    public void Dispose()
    {
        Pagemap.Dispose();
        Memory.Dispose();
    }

    private static SafeFileHandle OpenFile(string path, int access)
    {
        var file = Interop.Open(path, access | Interop.O_CLOEXEC);
        return file.IsInvalid ? throw LinuxException.FromLastError("open", path) : file;
    }
}
