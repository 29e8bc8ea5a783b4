namespace Tpm2Lib;

/// <summary>TPML_HANDLE.</summary>
public sealed class HandleArray : TpmStructureBase, ICapabilitiesUnion
{
    public TpmHandle[] handle = [];

    public Cap GetUnionSelector() => Cap.Handles;

    internal override void Transfer(TpmCodec codec) => handle = codec.List(handle);
}

/// <summary>TPML_TAGGED_TPM_PROPERTY.</summary>
public sealed class TaggedTpmPropertyArray : TpmStructureBase, ICapabilitiesUnion
{
    public TaggedProperty[] tpmProperty = [];

    public Cap GetUnionSelector() => Cap.TpmProperties;

    internal override void Transfer(TpmCodec codec) => tpmProperty = codec.List(tpmProperty);
}

/// <summary>TPMS_TAGGED_PROPERTY.</summary>
public sealed class TaggedProperty : TpmStructureBase
{
    public Pt property { get; set; }

    public uint value { get; set; }

    internal override void Transfer(TpmCodec codec)
    {
        property = (Pt)codec.U32((uint)property);
        value = codec.U32(value);
    }
}
