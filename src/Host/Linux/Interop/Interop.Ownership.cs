using System.Runtime.InteropServices;

namespace ActorMigration.Host.Linux;

/// <summary>Owners, device nodes and extended attributes of files, for layers of images. File modes are the kernel's (stat.h).</summary>
internal static partial class Interop
{
    internal static partial class Ownership
    {
        internal const uint S_IFCHR = 0x2000;
        internal const uint S_IFIFO = 0x1000;

        // SAFETY of all: the marshaller pins the strings, and the caller's value, for the call.
        [LibraryImport("libc", EntryPoint = "lchown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        internal static partial int LChown(string path, uint owner, uint group);

        [LibraryImport("libc", EntryPoint = "mknod", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        internal static partial int MkNod(string path, uint mode, ulong device);

        [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        internal static partial int Link(string existing, string path);

        [LibraryImport("libc", EntryPoint = "lsetxattr", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        internal static partial int LSetXAttr(string path, string name, byte[] value, nuint size, int flags);
    }
}
