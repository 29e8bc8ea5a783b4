using System.Runtime.InteropServices;

namespace ActorMigration.Host.Linux;

/// <summary>Named pipes, for the gate of a restore.</summary>
internal static partial class Interop
{
    internal static partial class Fifo
    {
        // SAFETY: the marshaller pins the path for the call.
        [LibraryImport("libc", EntryPoint = "mkfifo", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        internal static partial int MkFifo(string path, uint mode);
    }
}
