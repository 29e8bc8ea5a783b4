using System.Runtime.InteropServices;

namespace ActorMigration.Host.Linux.Containers;

/// <summary>Mounts of this mount namespace, and taking them away. Used for root file systems and for what CRIU leaves behind when it is killed.</summary>
internal static class MountTable
{
    /// <summary>Mount points at or below a directory, innermost last.</summary>
    internal static List<string> Below(string directory) => Below(directory, File.ReadLines("/proc/self/mountinfo"));

    /// <summary>mountinfo: field 5 is the mount point, with blanks as octal \040 and backslashes as \134.</summary>
    internal static List<string> Below(string directory, IEnumerable<string> mountinfo)
        => [.. mountinfo.Select(line => line.Split(' ')).Where(fields => fields.Length > 4).Select(fields => Unescape(fields[4]))
            .Where(path => path == directory || path.StartsWith(directory + "/", StringComparison.Ordinal))];

    /// <summary>Detaches everything at or below a directory, innermost first.</summary>
    internal static void DetachBelow(string directory)
    {
        foreach (var path in Enumerable.Reverse(Below(directory)))
        {
            if (Interop.Tmpfs.UMount(path, Interop.Tmpfs.MNT_DETACH) != 0 && Marshal.GetLastPInvokeError() is not (Interop.Errno.EINVAL or Interop.Errno.ENOENT))
            {
                // EINVAL and ENOENT: it went with its parent, or someone else was faster.
                throw LinuxException.FromLastError("umount", path);
            }
        }
    }

    private static string Unescape(string field)
        => field.Replace("\\040", " ", StringComparison.Ordinal).Replace("\\011", "\t", StringComparison.Ordinal).Replace("\\134", "\\", StringComparison.Ordinal);
}
