using System.Globalization;
using static ActorMigration.Host.Linux.Interop.Tmpfs;

namespace ActorMigration.Host.Linux.Store;

/// <summary>
/// The tmpfs of one attempt: its own size, only root may enter, never swapped where the kernel can promise that (6.4). It
/// outlives the daemon; a restarted one finds it by its path.
/// </summary>
internal static class StoreMount
{
    /// <summary>
    /// huge=never: page by page. With huge pages a sparse heap takes up to 512 times its size from the reservation, and a hole
    /// that is punched behind the fill gives nothing back before the whole 2 MiB are in.
    /// </summary>
    private const string CommonOptions = "mode=0700,huge=never";

    /// <summary>Makes the directory and mounts; true when the kernel promises not to swap it.</summary>
    internal static bool Mount(string path, long bytes)
    {
        Directory.CreateDirectory(path);
        var options = string.Create(CultureInfo.InvariantCulture, $"size={bytes},{CommonOptions}");
        const nuint flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
        if (Interop.Tmpfs.Mount("amig-pages", path, "tmpfs", flags, options + ",noswap") == 0)
        {
            return true;
        }

        var first = LinuxException.FromLastError("mount", $"tmpfs {path} ({options},noswap)");
        // EINVAL is a kernel without noswap, or without huge= (no THP): asked again with the least.
        if (first.Errno == Interop.Errno.EINVAL && Interop.Tmpfs.Mount("amig-pages", path, "tmpfs", flags, $"size={bytes},mode=0700") == 0)
        {
            return false;
        }

        throw first;
    }

    /// <summary>
    /// Gives every page back. Lazily, since the pager may still have files open; the memory is free when it ends. Nothing is
    /// overwritten first: the kernel clears each page before anybody else gets it, and an overwrite would only reach the page
    /// that is being freed anyway. Against who reads physical memory, the host needs init_on_free=1, which `amig doctor` names.
    /// </summary>
    internal static void Unmount(string path)
    {
        if (Interop.Tmpfs.UMount(path, MNT_DETACH) != 0)
        {
            var failure = LinuxException.FromLastError("umount2", path);
            if (failure.Errno is not (Interop.Errno.EINVAL or Interop.Errno.ENOENT))
            {
                throw failure;
            }

            // EINVAL: not mounted (any more), ENOENT: no such directory. Nothing is left to give back.
        }

        if (Directory.Exists(path))
        {
            Directory.Delete(path);
        }
    }
}
