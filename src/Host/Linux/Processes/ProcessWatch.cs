using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ActorMigration.Host.Linux.Processes;

/// <summary>Tells when a process ends that need not be our child, by a pidfd: never fooled by a pid that is used again.</summary>
internal sealed class ProcessWatch : IDisposable
{
    private readonly SafeFileHandle? _pidfd;

    /// <summary>Watches a process; one that has ended already counts as ended.</summary>
    internal ProcessWatch(ProcessIdentity process)
    {
        var fd = Interop.Spawn.PidfdOpen(process.Pid);
        if (fd < 0 && Marshal.GetLastPInvokeError() is not (Interop.Errno.ESRCH or Interop.Errno.EINVAL))
        {
            throw LinuxException.FromLastError("pidfd_open", $"pid {process.Pid}");
        }

        var handle = new SafeFileHandle(fd, ownsHandle: true);
        // Compared after the pidfd is open: from here on the pid cannot change its owner unseen.
        _pidfd = fd >= 0 && process.IsAlive ? handle : null;
        if (_pidfd is null)
        {
            handle.Dispose();
        }
    }

    /// <summary>Waits until the process has ended or <paramref name="other"/> (if any) can be read. False after <paramref name="milliseconds"/> (-1: none of it).</summary>
    internal unsafe bool Wait(SafeFileHandle? other, int milliseconds)
    {
        // SAFETY: two pollfd on the stack; both handles are alive for the call.
        var fds = stackalloc Interop.Spawn.poll_fd[2];
        fds[0] = new() { fd = _pidfd is null ? -1 : (int)_pidfd.DangerousGetHandle(), events = Interop.Spawn.POLLIN };
        fds[1] = new() { fd = other is null ? -1 : (int)other.DangerousGetHandle(), events = Interop.Spawn.POLLIN };
        return Interop.Spawn.Poll(fds, 2, _pidfd is null ? 0 : milliseconds) > 0 || _pidfd is null;
    }

    /// <summary>True when the process has ended.</summary>
    internal bool HasEnded => Wait(null, 0);

    public void Dispose() => _pidfd?.Dispose();
}
