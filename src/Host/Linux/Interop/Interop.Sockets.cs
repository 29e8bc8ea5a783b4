using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ActorMigration.Host.Linux;

internal static unsafe partial class Interop
{
    /// <summary>Options of a socket that may be another process's.</summary>
    internal static partial class Sockets
    {
        // SAFETY: value and length are the caller's, and value holds length bytes.
        [LibraryImport("libc", EntryPoint = "getsockopt", SetLastError = true)]
        internal static partial int GetSockOpt(SafeFileHandle socket, int level, int name, int* value, uint* length);

        [LibraryImport("libc", EntryPoint = "setsockopt", SetLastError = true)]
        internal static partial int SetSockOpt(SafeFileHandle socket, int level, int name, int* value, uint length);
    }
}
