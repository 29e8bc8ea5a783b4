namespace Tpm2Lib;

/// <summary>TPMS_RSA_PARMS. Exponent 0 means 65537.</summary>
public sealed class RsaParms : TpmStructureBase, IPublicParmsUnion
{
    public RsaParms()
    {
    }

    public RsaParms(SymDefObject symmetric, IAsymSchemeUnion scheme, ushort keyBits, uint exponent)
    {
        this.symmetric = symmetric;
        this.scheme = scheme;
        this.keyBits = keyBits;
        this.exponent = exponent;
    }

    public SymDefObject? symmetric { get; set; }

    public IAsymSchemeUnion? scheme { get; set; }

    public ushort keyBits { get; set; }

    public uint exponent { get; set; }

    public TpmAlgId GetUnionSelector() => TpmAlgId.Rsa;

    internal override void Transfer(TpmCodec codec)
    {
        symmetric = codec.Inline(symmetric);
        scheme = Unions.AsymScheme(codec, scheme);
        keyBits = codec.U16(keyBits);
        exponent = codec.U32(exponent);
    }
}

/// <summary>TPM2B_PUBLIC_KEY_RSA: the modulus.</summary>
public sealed class Tpm2bPublicKeyRsa : TpmStructureBase, IPublicIdUnion
{
    public byte[] buffer = [];

    public Tpm2bPublicKeyRsa()
    {
    }

    public Tpm2bPublicKeyRsa(byte[] buffer) => this.buffer = buffer;

    public TpmAlgId GetUnionSelector() => TpmAlgId.Rsa;

    internal override void Transfer(TpmCodec codec) => buffer = codec.Sized16(buffer);
}
