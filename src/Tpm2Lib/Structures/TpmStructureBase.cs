namespace Tpm2Lib;

/// <summary>Any structure with a byte layout of its own.</summary>
public abstract class TpmStructureBase
{
    /// <summary>The bytes as the TPM has them.</summary>
    public byte[] GetTpmRepresentation()
    {
        var codec = new TpmCodec();
        Transfer(codec);
        return codec.ToArray();
    }

    /// <summary>Names the fields in order; both directions.</summary>
    internal abstract void Transfer(TpmCodec codec);
}
