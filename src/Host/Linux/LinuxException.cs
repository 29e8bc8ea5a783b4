using System.Runtime.InteropServices;

namespace ActorMigration.Host.Linux;

/// <summary>
/// A system call failed: which call, on what, why. Thrown by everything under Host/Linux; callers that can go on after a
/// certain error match on <see cref="Errno"/>, never on the text.
/// </summary>
public sealed class LinuxException : IOException
{
    public LinuxException(string call, string on, int errno)
        : base($"{call} on {on}: {Marshal.GetPInvokeErrorMessage(errno)} (errno {errno})")
    {
        Call = call;
        On = on;
        Errno = errno;
    }

    /// <summary>The kernel's name of the call, for example <c>PAGEMAP_SCAN</c>.</summary>
    public string Call { get; }

    /// <summary>What it was called on, for example <c>/proc/12/pagemap</c>.</summary>
    public string On { get; }

    /// <summary>Error number of the call; the values are in <see cref="Interop.Errno"/>.</summary>
    public int Errno { get; }

    /// <summary>From the error that the last P/Invoke of this thread left behind; ask at once, before any other call.</summary>
    public static LinuxException FromLastError(string call, string on) => new(call, on, Marshal.GetLastPInvokeError());
}
