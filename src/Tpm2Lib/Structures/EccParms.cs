namespace Tpm2Lib;

/// <summary>TPMS_ECC_PARMS.</summary>
public sealed class EccParms : TpmStructureBase, IPublicParmsUnion
{
    public EccParms()
    {
    }

    public EccParms(SymDefObject symmetric, IAsymSchemeUnion scheme, EccCurve curveID, IKdfSchemeUnion kdf)
    {
        this.symmetric = symmetric;
        this.scheme = scheme;
        this.curveID = curveID;
        this.kdf = kdf;
    }

    public SymDefObject? symmetric { get; set; }

    public IAsymSchemeUnion? scheme { get; set; }

    public EccCurve curveID { get; set; }

    public IKdfSchemeUnion? kdf { get; set; }

    public TpmAlgId GetUnionSelector() => TpmAlgId.Ecc;

    internal override void Transfer(TpmCodec codec)
    {
        symmetric = codec.Inline(symmetric);
        scheme = Unions.AsymScheme(codec, scheme);
        curveID = (EccCurve)codec.U16((ushort)curveID);
        kdf = Unions.KdfScheme(codec, kdf);
    }
}

/// <summary>TPMS_ECC_POINT.</summary>
public sealed class EccPoint : TpmStructureBase, IPublicIdUnion
{
    public byte[] x = [];

    public byte[] y = [];

    public EccPoint()
    {
    }

    public EccPoint(byte[] x, byte[] y)
    {
        this.x = x;
        this.y = y;
    }

    public TpmAlgId GetUnionSelector() => TpmAlgId.Ecc;

    internal override void Transfer(TpmCodec codec)
    {
        x = codec.Sized16(x);
        y = codec.Sized16(y);
    }
}
