using System.Security.Cryptography;

namespace Tpm2Lib;

public sealed partial class Tpm2
{
    /// <summary>Bytes of a session's nonces unless asked for otherwise; those of SHA-256.</summary>
    private const int DefaultNonceBytes = 32;

    /// <summary>Starts a policy session without salt or binding.</summary>
    public AuthSession StartAuthSessionEx(TpmSe sessionType, TpmAlgId authHash, int nonceCallerSize = 0)
    {
        if (sessionType == TpmSe.Hmac)
        {
            throw new NotSupportedException("HMAC sessions are not supported");
        }

        var size = nonceCallerSize == 0 ? DefaultNonceBytes : nonceCallerSize;
        var handle = StartAuthSession(
            TpmRh.Null, TpmRh.Null, RandomNumberGenerator.GetBytes(size), [], sessionType, new SymDef(), authHash, out var nonceTpm);
        return new AuthSession(handle, nonceTpm, size, SessionAttr.ContinueSession);
    }

    /// <summary>Part 3, 11.1.</summary>
    public TpmHandle StartAuthSession(
        TpmHandle tpmKey,
        TpmHandle bind,
        byte[] nonceCaller,
        byte[] encryptedSalt,
        TpmSe sessionType,
        SymDef symmetric,
        TpmAlgId authHash,
        out byte[] nonceTPM)
    {
        nonceTPM = Run(
            TpmCommand.StartAuthSession,
            [tpmKey, bind],
            c =>
            {
                c.Sized16(nonceCaller);
                c.Sized16(encryptedSalt);
                c.U8((byte)sessionType);
                c.Inline(symmetric);
                c.Algorithm(authHash);
            },
            c => c.Sized16(null),
            out var handle);
        return handle!;
    }

    /// <summary>Part 3, 23.4.</summary>
    public byte[] PolicySecret(
        TpmHandle authHandle, TpmHandle policySession, byte[] nonceTPM, byte[] cpHashA, byte[] policyRef, int expiration, out TkAuth policyTicket)
    {
        (var timeout, policyTicket) = Run(
            TpmCommand.PolicySecret,
            [authHandle, policySession],
            c =>
            {
                c.Sized16(nonceTPM);
                c.Sized16(cpHashA);
                c.Sized16(policyRef);
                c.U32((uint)expiration);
            },
            c => (c.Sized16(null), c.Inline<TkAuth>(null)));
        return timeout;
    }
}
