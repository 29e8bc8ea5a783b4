namespace Tpm2Lib;

/// <summary>TPMS_NV_PUBLIC.</summary>
public sealed class NvPublic : TpmStructureBase
{
    public byte[] authPolicy = [];

    public NvPublic()
    {
    }

    public NvPublic(TpmHandle nvIndex, TpmAlgId nameAlg, NvAttr attributes, byte[] authPolicy, ushort dataSize)
    {
        this.nvIndex = nvIndex;
        this.nameAlg = nameAlg;
        this.attributes = attributes;
        this.authPolicy = authPolicy;
        this.dataSize = dataSize;
    }

    public TpmHandle? nvIndex { get; set; }

    public TpmAlgId nameAlg { get; set; }

    public NvAttr attributes { get; set; }

    public ushort dataSize { get; set; }

    internal override void Transfer(TpmCodec codec)
    {
        nvIndex = codec.Inline(nvIndex);
        nameAlg = codec.Algorithm(nameAlg);
        attributes = (NvAttr)codec.U32((uint)attributes);
        authPolicy = codec.Sized16(authPolicy);
        dataSize = codec.U16(dataSize);
    }
}
