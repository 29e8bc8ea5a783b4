namespace Tpm2Lib;

public sealed partial class Tpm2
{
    /// <summary>Part 3, 24.1.</summary>
    public TpmHandle CreatePrimary(
        TpmHandle primaryHandle,
        SensitiveCreate inSensitive,
        TpmPublic inPublic,
        byte[] outsideInfo,
        PcrSelection[] creationPCR,
        out TpmPublic outPublic,
        out CreationData creationData,
        out byte[] creationHash,
        out TkCreation creationTicket)
    {
        (outPublic, creationData, creationHash, creationTicket) = Run(
            TpmCommand.CreatePrimary,
            [primaryHandle],
            c =>
            {
                c.Sized(inSensitive);
                c.Sized(inPublic);
                c.Sized16(outsideInfo);
                c.List(creationPCR);
            },
            c =>
            {
                var read = (c.Sized<TpmPublic>(null), c.Sized<CreationData>(null), c.Sized16(null), c.Inline<TkCreation>(null));
                c.Sized16(null);
                return read;
            },
            out var handle);
        handle!.Auth = inSensitive.userAuth;
        return handle;
    }

    /// <summary>Part 3, 12.4.</summary>
    public TpmPublic ReadPublic(TpmHandle objectHandle, out byte[] name, out byte[] qualifiedName)
    {
        (var read, name, qualifiedName) = Run(
            TpmCommand.ReadPublic,
            [objectHandle],
            static _ => { },
            c => (c.Sized<TpmPublic>(null), c.Sized16(null), c.Sized16(null)));
        return read;
    }

    /// <summary>Part 3, 12.5.</summary>
    public byte[] ActivateCredential(TpmHandle activateHandle, TpmHandle keyHandle, IdObject credentialBlob, byte[] secret)
        => Run(
            TpmCommand.ActivateCredential,
            [activateHandle, keyHandle],
            c =>
            {
                c.Sized(credentialBlob);
                c.Sized16(secret);
            },
            c => c.Sized16(null));

    /// <summary>Part 3, 18.4.</summary>
    public Attest Quote(
        TpmHandle signHandle, byte[] qualifyingData, ISigSchemeUnion inScheme, PcrSelection[] PCRselect, out ISignatureUnion signature)
    {
        (var attest, signature) = Run(
            TpmCommand.Quote,
            [signHandle],
            c =>
            {
                c.Sized16(qualifyingData);
                Unions.SigScheme(c, inScheme);
                c.List(PCRselect);
            },
            c => (c.Sized<Attest>(null), Unions.Signature(c, null)));
        return attest;
    }

    /// <summary>Part 3, 28.4.</summary>
    public void FlushContext(TpmHandle flushHandle)
        => Run(TpmCommand.FlushContext, [flushHandle], static _ => { });
}
