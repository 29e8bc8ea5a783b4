namespace Tpm2Lib;

/// <summary>A way to a TPM: one command out, one response in. Subclasses throw <see cref="IOException"/> when the way is broken.</summary>
public abstract class Tpm2Device : IDisposable
{
    /// <summary>Asks the library to guard commands with HMAC sessions; this implementation knows only false.</summary>
    public bool NeedsHMAC { get; set; }

    public abstract void Connect();

    public abstract void Close();

    /// <summary>Sends one command and returns the whole response.</summary>
    public abstract void DispatchCommand(CommandModifier mod, byte[] cmdBuf, out byte[] respBuf);

    /// <summary>True when a resource manager is between.</summary>
    public virtual bool HasRM() => false;

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
    }
}

/// <summary>How a command is to be sent. Locality 0, the only one that user space has.</summary>
public sealed class CommandModifier
{
    public byte ActiveLocality { get; set; }
}
