using Microsoft.Win32.SafeHandles;

namespace ActorMigration.Host.Linux.Tracking;

/// <summary>Reads the memory of other processes. Tests derive from it to make reads fail.</summary>
internal unsafe class RemoteMemory
{
    /// <summary>process_vm_readv: fast, but the page's own protection counts. Bytes read, or -1 with errno.</summary>
    internal virtual nint ReadV(int tid, byte* into, nuint length, Interop.iovec* ranges, int count)
    {
        var local = new Interop.iovec { iov_base = (ulong)into, iov_len = length };
        return Interop.ProcessVmReadV(tid, &local, 1, ranges, (nuint)count, 0);
    }

    /// <summary>/proc/PID/mem: slower, and reads what PROT_NONE hides. Bytes read, or -1 with errno.</summary>
    internal virtual nint ReadMem(SafeFileHandle memory, byte* into, nuint length, ulong address)
        => Interop.PRead(memory, into, length, (long)address);
}
