using System.Runtime.ExceptionServices;

namespace ActorMigration.Host.Linux.Network;

/// <summary>
/// A network namespace kept alive by a bind mount on a file of ours; runc gets that path, so that the namespace is external to
/// CRIU. The mount lives in the node's mount namespace. A thread that has changed its namespace is never given back to the
/// pool: each call below uses a thread of its own that ends.
/// </summary>
internal static class NetworkNamespace
{
    /// <summary>Makes a namespace at <paramref name="path"/> and runs <paramref name="inside"/> in it; nothing is left if either fails.</summary>
    internal static void Create(string path, Action inside)
    {
        using (new FileStream(path, FileMode.CreateNew))
        {
        }
        try
        {
            OnOwnThread(() =>
            {
                if (Interop.Namespaces.Unshare(Interop.Namespaces.CLONE_NEWNET) != 0)
                {
                    throw LinuxException.FromLastError("unshare(CLONE_NEWNET)", path);
                }
                if (Interop.Namespaces.Mount("/proc/thread-self/ns/net", path, null, Interop.Namespaces.MS_BIND, null) != 0)
                {
                    throw LinuxException.FromLastError("mount (bind)", path);
                }
                inside();
            });
        }
        catch
        {
            Remove(path);
            throw;
        }
    }

    /// <summary>Runs <paramref name="inside"/> in the namespace at <paramref name="path"/>. Sockets opened there stay in it for ever.</summary>
    internal static void Enter(string path, Action inside)
        => OnOwnThread(() =>
        {
            using var handle = Interop.Open(path, Interop.O_RDONLY | Interop.O_CLOEXEC);
            if (handle.IsInvalid)
            {
                throw LinuxException.FromLastError("open", path);
            }
            if (Interop.Namespaces.SetNs(handle, Interop.Namespaces.CLONE_NEWNET) != 0)
            {
                throw LinuxException.FromLastError("setns", path);
            }
            inside();
        });

    /// <summary>
    /// Takes mount and file away; the kernel ends the namespace when its last task, socket and mount are gone, later and on its own. So whoever needs
    /// an interface gone deletes it first.
    /// </summary>
    internal static void Remove(string path)
    {
        // EINVAL: it was never mounted (the daemon died between the file and the mount). ENOENT: it is gone already.
        if (Interop.Namespaces.UMount(path, Interop.Namespaces.MNT_DETACH) != 0
            && System.Runtime.InteropServices.Marshal.GetLastPInvokeError() is not (Interop.Errno.EINVAL or Interop.Errno.ENOENT))
        {
            throw LinuxException.FromLastError("umount", path);
        }
        File.Delete(path);
    }

    private static void OnOwnThread(Action action)
    {
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                action();
            }
            catch (Exception thrown)
            {
                failure = ExceptionDispatchInfo.Capture(thrown);   // carried over to the caller's thread below
            }
        })
        { IsBackground = true, Name = "amig-netns" };
        thread.Start();
        thread.Join();
        failure?.Throw();
    }
}
