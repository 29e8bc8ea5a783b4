namespace Tpm2Lib;

/// <summary>TPMS_SENSITIVE_CREATE.</summary>
public sealed class SensitiveCreate : TpmStructureBase
{
    public byte[] userAuth = [];

    public byte[] data = [];

    public SensitiveCreate()
    {
    }

    public SensitiveCreate(byte[] userAuth, byte[] data)
    {
        this.userAuth = userAuth;
        this.data = data;
    }

    internal override void Transfer(TpmCodec codec)
    {
        userAuth = codec.Sized16(userAuth);
        data = codec.Sized16(data);
    }
}

/// <summary>TPMS_CREATION_DATA.</summary>
public sealed class CreationData : TpmStructureBase
{
    public PcrSelection[] pcrSelect = [];

    public byte[] pcrDigest = [];

    public byte[] parentName = [];

    public byte[] parentQualifiedName = [];

    public byte[] outsideInfo = [];

    public byte locality { get; set; }

    public TpmAlgId parentNameAlg { get; set; }

    internal override void Transfer(TpmCodec codec)
    {
        pcrSelect = codec.List(pcrSelect);
        pcrDigest = codec.Sized16(pcrDigest);
        locality = codec.U8(locality);
        parentNameAlg = codec.Algorithm(parentNameAlg);
        parentName = codec.Sized16(parentName);
        parentQualifiedName = codec.Sized16(parentQualifiedName);
        outsideInfo = codec.Sized16(outsideInfo);
    }
}

/// <summary>A ticket: tag, hierarchy, digest.</summary>
public abstract class Ticket : TpmStructureBase
{
    public byte[] digest = [];

    public TpmSt tag { get; set; }

    public TpmHandle? hierarchy { get; set; }

    internal override void Transfer(TpmCodec codec)
    {
        tag = (TpmSt)codec.U16((ushort)tag);
        hierarchy = codec.Inline(hierarchy);
        digest = codec.Sized16(digest);
    }
}

/// <summary>TPMT_TK_CREATION.</summary>
public sealed class TkCreation : Ticket;

/// <summary>TPMT_TK_AUTH.</summary>
public sealed class TkAuth : Ticket;
