using System.Runtime.InteropServices;

namespace ActorMigration.Host.Linux;

/// <summary>
/// ptrace(2) and what belongs to a stopped thread, x86-64. Names and values from include/uapi/linux/ptrace.h and
/// arch/x86/include/asm/user_64.h.
/// </summary>
internal static partial class Interop
{
    internal static unsafe partial class Ptrace
    {
        internal const nint PTRACE_GETREGS = 12;
        internal const nint PTRACE_SETREGS = 13;
        internal const nint PTRACE_DETACH = 17;
        internal const nint PTRACE_SYSCALL = 24;
        internal const nint PTRACE_SETOPTIONS = 0x4200;
        internal const nint PTRACE_SEIZE = 0x4206;
        internal const nint PTRACE_INTERRUPT = 0x4207;
        internal const nint PTRACE_GETSIGMASK = 0x420a;
        internal const nint PTRACE_SETSIGMASK = 0x420b;
        internal const nint PTRACE_GET_RSEQ_CONFIGURATION = 0x420f;

        internal const nint PTRACE_O_TRACESYSGOOD = 1;
        internal const nint PTRACE_O_SUSPEND_SECCOMP = 1 << 21;
        internal const int PTRACE_EVENT_STOP = 128;

        internal const int WNOHANG = 1;
        internal const int __WALL = 0x40000000;

        /// <summary>Code segment of 64-bit user mode (arch/x86/include/asm/segment.h).</summary>
        internal const ulong USER_CS = 0x33;

        // SAFETY: data is a number or points to what the request reads or writes; each caller in TracedThread names both together.
        [LibraryImport("libc", EntryPoint = "ptrace", SetLastError = true)]
        internal static partial nint Call(nint request, int tid, nint address, nint data);

        // SAFETY: status is one int on the caller's stack. Never with -1: that would reap the runtime's own children.
        [LibraryImport("libc", EntryPoint = "waitpid", SetLastError = true)]
        internal static partial int WaitPid(int tid, int* status, int options);

        /// <summary>struct user_regs_struct, 216 bytes.</summary>
        [StructLayout(LayoutKind.Sequential)]
        internal struct user_regs_struct
        {
            internal ulong r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi, orig_rax, rip, cs, eflags, rsp, ss;
            internal ulong fs_base, gs_base, ds, es, fs, gs;
        }

        /// <summary>struct ptrace_rseq_configuration, 24 bytes, Linux 5.13.</summary>
        [StructLayout(LayoutKind.Sequential)]
        internal struct ptrace_rseq_configuration
        {
            internal ulong rseq_abi_pointer;
            internal uint rseq_abi_size;
            internal uint signature;
            internal uint flags;
            internal uint pad;
        }
    }
}
