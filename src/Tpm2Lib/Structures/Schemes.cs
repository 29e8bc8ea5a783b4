namespace Tpm2Lib;

/// <summary>A scheme left to the command, or none.</summary>
public abstract class NullScheme : TpmStructureBase
{
    public virtual TpmAlgId GetUnionSelector() => TpmAlgId.Null;

    internal override void Transfer(TpmCodec codec)
    {
        // Nothing follows the selector.
    }
}

/// <summary>No asymmetric scheme.</summary>
public sealed class NullAsymScheme : NullScheme, IAsymSchemeUnion;

/// <summary>No key derivation scheme.</summary>
public sealed class NullKdfScheme : NullScheme, IKdfSchemeUnion;

/// <summary>The signing key's own scheme.</summary>
public sealed class NullSigScheme : NullScheme, ISigSchemeUnion;

/// <summary>TPMS_SIG_SCHEME_ECDSA: the hash.</summary>
public sealed class SchemeEcdsa : TpmStructureBase, IAsymSchemeUnion, ISigSchemeUnion
{
    public SchemeEcdsa()
    {
    }

    public SchemeEcdsa(TpmAlgId hashAlg) => this.hashAlg = hashAlg;

    public TpmAlgId hashAlg { get; set; }

    public TpmAlgId GetUnionSelector() => TpmAlgId.Ecdsa;

    internal override void Transfer(TpmCodec codec) => hashAlg = codec.Algorithm(hashAlg);
}
