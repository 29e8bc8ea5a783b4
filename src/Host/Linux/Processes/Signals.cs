using System.Runtime.InteropServices;

namespace ActorMigration.Host.Linux.Processes;

/// <summary>kill(2). Numbers are those of every architecture that .NET runs on.</summary>
public static class Signals
{
    public const int SIGKILL = 9;
    public const int SIGTERM = 15;

    /// <summary>Sends a signal; false when the process has ended already.</summary>
    /// <exception cref="LinuxException">Any other error.</exception>
    public static bool Send(int pid, int signal)
    {
        if (pid <= 1)
        {
            throw new ArgumentOutOfRangeException(nameof(pid), pid, "would signal more than one process");
        }

        if (Interop.Spawn.Kill(pid, signal) == 0)
        {
            return true;
        }

        return Marshal.GetLastPInvokeError() == Interop.Errno.ESRCH ? false : throw LinuxException.FromLastError("kill", $"pid {pid}");
    }
}
