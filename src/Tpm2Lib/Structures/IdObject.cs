namespace Tpm2Lib;

/// <summary>TPMS_ID_OBJECT: a credential. The encrypted identity has its length inside the encryption, so it is the rest of the structure.</summary>
public sealed class IdObject : TpmStructureBase
{
    public byte[] integrityHMAC = [];

    public byte[] encIdentity = [];

    public IdObject()
    {
    }

    public IdObject(byte[] integrityHMAC, byte[] encIdentity)
    {
        this.integrityHMAC = integrityHMAC;
        this.encIdentity = encIdentity;
    }

    internal override void Transfer(TpmCodec codec)
    {
        integrityHMAC = codec.Sized16(integrityHMAC);
        encIdentity = codec.Rest(encIdentity);
    }
}
