namespace Tpm2Lib;

/// <summary>TPMS_SIGNATURE_ECC.</summary>
public abstract class SignatureEcc : TpmStructureBase
{
    public byte[] signatureR = [];

    public byte[] signatureS = [];

    public TpmAlgId hash { get; set; }

    internal override void Transfer(TpmCodec codec)
    {
        hash = codec.Algorithm(hash);
        signatureR = codec.Sized16(signatureR);
        signatureS = codec.Sized16(signatureS);
    }
}

/// <summary>TPMS_SIGNATURE_ECDSA. r and s may come without their leading zeros.</summary>
public sealed class SignatureEcdsa : SignatureEcc, ISignatureUnion
{
    public SignatureEcdsa()
    {
    }

    public SignatureEcdsa(TpmAlgId hash, byte[] signatureR, byte[] signatureS)
    {
        this.hash = hash;
        this.signatureR = signatureR;
        this.signatureS = signatureS;
    }

    public TpmAlgId GetUnionSelector() => TpmAlgId.Ecdsa;
}
