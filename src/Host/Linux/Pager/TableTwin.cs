using System.Runtime.InteropServices;
using ActorMigration.Host.Linux.Processes;
using Microsoft.Win32.SafeHandles;
using static ActorMigration.Host.Linux.Interop.LazyFault;

namespace ActorMigration.Host.Linux.Pager;

/// <summary>
/// A second process that shares the pager's descriptor table and does nothing. Why: reading a fork event both creates the
/// child's userfaultfd and lets the child run. Were the pager killed in the instant after that read, the descriptor would be
/// the last one, and the kernel would give the child zero pages instead of its memory. With the table shared
/// (clone(CLONE_FILES)) the descriptor lives on in the twin, under the same number as in the event, until the keeper has
/// taken it.
///
/// The twin is a copy-on-write copy of this process that runs 60 bytes of machine code: block all signals, then pause for
/// ever. It touches no memory of the runtime. Only SIGKILL ends it: from <see cref="Dispose"/>, from the keeper, or, when both have been killed, from
/// <see cref="PagerClient.EndAsync"/>, which finds it by <see cref="FileName"/>.
/// </summary>
internal sealed unsafe class TableTwin : IDisposable
{
    // clone(CLONE_FILES, 0, 0, 0, 0); parent: return its result. Child: rt_sigprocmask(SIG_SETMASK, all, null, 8); pause() for ever.
    private static ReadOnlySpan<byte> CodeX64 =>
    [
        0xB8, 0x38, 0x00, 0x00, 0x00,             // mov  eax, 56          clone
        0xBF, 0x00, 0x04, 0x00, 0x00,             // mov  edi, 0x400       CLONE_FILES, no exit signal
        0x31, 0xF6,                               // xor  esi, esi         same stack, copied on write
        0x31, 0xD2,                               // xor  edx, edx
        0x4D, 0x31, 0xD2,                         // xor  r10, r10
        0x4D, 0x31, 0xC0,                         // xor  r8, r8
        0x0F, 0x05,                               // syscall
        0x48, 0x85, 0xC0,                         // test rax, rax
        0x74, 0x01,                               // jz   child
        0xC3,                                     // ret
        0x6A, 0xFF,                               // child: push -1        a signal set of all ones
        0x48, 0x89, 0xE6,                         // mov  rsi, rsp
        0xB8, 0x0E, 0x00, 0x00, 0x00,             // mov  eax, 14          rt_sigprocmask
        0xBF, 0x02, 0x00, 0x00, 0x00,             // mov  edi, 2           SIG_SETMASK
        0x31, 0xD2,                               // xor  edx, edx
        0x41, 0xBA, 0x08, 0x00, 0x00, 0x00,       // mov  r10d, 8
        0x0F, 0x05,                               // syscall
        0xB8, 0x22, 0x00, 0x00, 0x00,             // again: mov eax, 34    pause
        0x0F, 0x05,                               // syscall
        0xEB, 0xF7,                               // jmp  again
    ];

    /// <summary>File in the work directory: pid and start time of the twin.</summary>
    internal const string FileName = "pager.twin";

    private bool _ended;

    private TableTwin(int pid) => Pid = pid;

    /// <summary>For the keeper, which takes descriptors from it when the pager is dead.</summary>
    internal int Pid { get; }

    /// <summary>Starts the twin; first thing in the pager, while its memory is small.</summary>
    internal static TableTwin Start()
    {
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64)
        {
            throw new PlatformNotSupportedException($"the pager runs on x86-64 only, this is {RuntimeInformation.ProcessArchitecture}");
        }

        var length = (nuint)Environment.SystemPageSize;
        var code = Interop.MMap(0, length, Interop.PROT_READ | Interop.PROT_WRITE, Interop.MAP_PRIVATE | Interop.MAP_ANONYMOUS, -1, 0);
        if (code == Interop.MAP_FAILED)
        {
            throw LinuxException.FromLastError("mmap", "a page of code");
        }

        CodeX64.CopyTo(new Span<byte>((void*)code, CodeX64.Length));
        if (MProtect(code, length, Interop.PROT_READ | PROT_EXEC) != 0)
        {
            throw LinuxException.FromLastError("mprotect", "a page of code");
        }

        // SAFETY: the code follows the C calling convention (it changes rax, rcx, r11 and argument registers only), returns in the
        // parent alone, and the page stays mapped for as long as the twin lives, in its own copy.
        var result = ((delegate* unmanaged<long>)code)();
        return result > 0 ? new TableTwin((int)result) : throw new LinuxException("clone", "a twin of the descriptor table", (int)-result);
    }

    /// <summary>Writes down, in the current directory, who the twin is: for a time when neither pager nor keeper can end it any more.</summary>
    internal void Announce() => HelperIdentities.Write(FileName, ProcessIdentity.Find(Pid) ?? new ProcessIdentity(Pid, 0));

    /// <summary>Ends the twin and reaps it; from here on this process alone holds its descriptors.</summary>
    public void Dispose()
    {
        if (_ended)
        {
            return;
        }

        _ended = true;
        Interop.Spawn.Kill(Pid, Interop.SIGKILL);
        int status;
        // It is our own child without an exit signal, which only __WALL waits for; the runtime knows nothing of it.
        WaitPid(Pid, &status, __WALL);
    }
}
