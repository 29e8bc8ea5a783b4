namespace Tpm2Lib;

/// <summary>A block cipher: algorithm, and unless it is Null, key bits and mode.</summary>
public abstract class SymmetricDefinition : TpmStructureBase
{
    public TpmAlgId Algorithm { get; set; } = TpmAlgId.Null;

    public ushort KeyBits { get; set; }

    public TpmAlgId Mode { get; set; }

    internal override void Transfer(TpmCodec codec)
    {
        Algorithm = codec.Algorithm(Algorithm);
        if (Algorithm != TpmAlgId.Null)
        {
            KeyBits = codec.U16(KeyBits);
            Mode = codec.Algorithm(Mode);
        }
    }
}

/// <summary>TPMT_SYM_DEF_OBJECT, of a key.</summary>
public sealed class SymDefObject : SymmetricDefinition
{
    public SymDefObject()
    {
    }

    public SymDefObject(TpmAlgId Algorithm, ushort KeyBits, TpmAlgId Mode)
    {
        this.Algorithm = Algorithm;
        this.KeyBits = KeyBits;
        this.Mode = Mode;
    }
}

/// <summary>TPMT_SYM_DEF, of a session; without arguments, no parameter encryption.</summary>
public sealed class SymDef : SymmetricDefinition;
