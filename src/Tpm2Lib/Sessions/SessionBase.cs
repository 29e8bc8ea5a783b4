using System.Security.Cryptography;

namespace Tpm2Lib;

/// <summary>Authorises one handle of a command.</summary>
public abstract class SessionBase
{
    /// <summary>Handle of the session.</summary>
    internal abstract TpmHandle Handle { get; }

    /// <summary>Writes TPMS_AUTH_COMMAND: handle, nonce, attributes, authorisation value.</summary>
    internal abstract void Write(TpmCodec codec, TpmHandle authorised);
}

/// <summary>A password; without one given, that of the handle.</summary>
public sealed class Pwap : SessionBase
{
    private readonly byte[]? _authVal;

    public Pwap()
    {
    }

    public Pwap(byte[] authVal) => _authVal = authVal;

    internal override TpmHandle Handle => TpmRh.Pw;

    internal override void Write(TpmCodec codec, TpmHandle authorised)
    {
        codec.Inline(Handle);
        codec.Sized16([]);
        codec.U8((byte)SessionAttr.ContinueSession);
        codec.Sized16(_authVal ?? authorised.Auth);
    }
}

/// <summary>
/// A policy session without salt, binding or password: the TPM asks for no HMAC then. Commands renew its nonce. HMAC sessions are not
/// supported: transports here are local and the secrets that cross them are public keys, quotes and one-time credentials.
/// </summary>
public sealed class AuthSession : SessionBase
{
    private readonly int _nonceBytes;

    internal AuthSession(TpmHandle handle, byte[] nonceTpm, int nonceBytes, SessionAttr attributes)
    {
        Handle = handle;
        NonceTpm = nonceTpm;
        _nonceBytes = nonceBytes;
        Attrs = attributes;
    }

    public SessionAttr Attrs { get; }

    internal override TpmHandle Handle { get; }

    /// <summary>The TPM's last nonce.</summary>
    internal byte[] NonceTpm { get; set; }

    public static implicit operator TpmHandle(AuthSession session) => session.Handle;

    internal override void Write(TpmCodec codec, TpmHandle authorised)
    {
        codec.Inline(Handle);
        codec.Sized16(RandomNumberGenerator.GetBytes(_nonceBytes));
        codec.U8((byte)Attrs);
        codec.Sized16([]);
    }
}
