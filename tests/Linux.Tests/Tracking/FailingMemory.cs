using System.Runtime.InteropServices;
using ActorMigration.Host.Linux;
using ActorMigration.Host.Linux.Tracking;
using Microsoft.Win32.SafeHandles;

namespace ActorMigration.Linux.Tests.Tracking;

/// <summary>Memory of which every nth slow read fails with EIO, after every fast one failed with EFAULT; 0 reads all as it is.</summary>
internal sealed unsafe class FailingMemory(int every) : RemoteMemory
{
    private int _reads;

    internal int Every { get; set; } = every;

    internal override nint ReadV(int tid, byte* into, nuint length, Interop.iovec* ranges, int count)
        => Every == 0 ? base.ReadV(tid, into, length, ranges, count) : Fail(Interop.Errno.EFAULT);

    internal override nint ReadMem(SafeFileHandle memory, byte* into, nuint length, ulong address)
        => Every != 0 && ++_reads % Every == 0 ? Fail(Interop.Errno.EIO) : base.ReadMem(memory, into, Every == 0 ? length : 4096, address);

    private static nint Fail(int errno)
    {
        Marshal.SetLastPInvokeError(errno);
        return -1;
    }
}
