namespace Tpm2Lib;

/// <summary>TPMU_PUBLIC_PARMS: <see cref="EccParms"/> or <see cref="RsaParms"/>.</summary>
public interface IPublicParmsUnion
{
    TpmAlgId GetUnionSelector();
}

/// <summary>TPMU_PUBLIC_ID: <see cref="EccPoint"/> or <see cref="Tpm2bPublicKeyRsa"/>.</summary>
public interface IPublicIdUnion
{
    TpmAlgId GetUnionSelector();
}

/// <summary>TPMU_ASYM_SCHEME.</summary>
public interface IAsymSchemeUnion
{
    TpmAlgId GetUnionSelector();
}

/// <summary>TPMU_KDF_SCHEME.</summary>
public interface IKdfSchemeUnion
{
    TpmAlgId GetUnionSelector();
}

/// <summary>TPMU_SIG_SCHEME.</summary>
public interface ISigSchemeUnion
{
    TpmAlgId GetUnionSelector();
}

/// <summary>TPMU_SIGNATURE.</summary>
public interface ISignatureUnion
{
    TpmAlgId GetUnionSelector();
}

/// <summary>TPMU_ATTEST: <see cref="QuoteInfo"/>.</summary>
public interface IAttestUnion
{
    TpmSt GetUnionSelector();
}

/// <summary>TPMU_CAPABILITIES: <see cref="HandleArray"/> or <see cref="TaggedTpmPropertyArray"/>.</summary>
public interface ICapabilitiesUnion
{
    Cap GetUnionSelector();
}

/// <summary>Which structure a selector stands for, one table per union.</summary>
internal static class Unions
{
    public static IPublicParmsUnion PublicParms(TpmCodec codec, TpmAlgId selector, IPublicParmsUnion? value)
        => Transfer(codec, selector, value, s => s switch
        {
            TpmAlgId.Rsa => new RsaParms(),
            TpmAlgId.Ecc => new EccParms(),
            _ => null,
        });

    public static IPublicIdUnion PublicId(TpmCodec codec, TpmAlgId selector, IPublicIdUnion? value)
        => Transfer(codec, selector, value, s => s switch
        {
            TpmAlgId.Rsa => new Tpm2bPublicKeyRsa(),
            TpmAlgId.Ecc => new EccPoint(),
            _ => (IPublicIdUnion?)null,
        });

    public static IAsymSchemeUnion AsymScheme(TpmCodec codec, IAsymSchemeUnion? value)
        => Transfer(codec, codec.Algorithm(value?.GetUnionSelector() ?? default), value, s => s switch
        {
            TpmAlgId.Null => new NullAsymScheme(),
            TpmAlgId.Ecdsa => new SchemeEcdsa(),
            _ => (IAsymSchemeUnion?)null,
        });

    public static IKdfSchemeUnion KdfScheme(TpmCodec codec, IKdfSchemeUnion? value)
        => Transfer(codec, codec.Algorithm(value?.GetUnionSelector() ?? default), value, s => s switch
        {
            TpmAlgId.Null => new NullKdfScheme(),
            _ => (IKdfSchemeUnion?)null,
        });

    public static ISigSchemeUnion SigScheme(TpmCodec codec, ISigSchemeUnion? value)
        => Transfer(codec, codec.Algorithm(value?.GetUnionSelector() ?? default), value, s => s switch
        {
            TpmAlgId.Null => new NullSigScheme(),
            TpmAlgId.Ecdsa => new SchemeEcdsa(),
            _ => (ISigSchemeUnion?)null,
        });

    public static ISignatureUnion Signature(TpmCodec codec, ISignatureUnion? value)
        => Transfer(codec, codec.Algorithm(value?.GetUnionSelector() ?? default), value, s => s switch
        {
            TpmAlgId.Ecdsa => new SignatureEcdsa(),
            _ => (ISignatureUnion?)null,
        });

    public static IAttestUnion Attest(TpmCodec codec, TpmSt selector, IAttestUnion? value)
        => Transfer(codec, selector, value, s => s switch
        {
            TpmSt.AttestQuote => new QuoteInfo(),
            _ => (IAttestUnion?)null,
        });

    public static ICapabilitiesUnion Capabilities(TpmCodec codec, ICapabilitiesUnion? value)
        => Transfer(codec, (Cap)codec.U32((uint)(value?.GetUnionSelector() ?? default)), value, s => s switch
        {
            Cap.Handles => new HandleArray(),
            Cap.TpmProperties => new TaggedTpmPropertyArray(),
            _ => (ICapabilitiesUnion?)null,
        });

    private static TUnion Transfer<TUnion, TSelector>(TpmCodec codec, TSelector selector, TUnion? value, Func<TSelector, TUnion?> make)
        where TUnion : class
        where TSelector : struct, Enum
    {
        var member = codec.Reading ? make(selector) : value;
        if (member is not TpmStructureBase structure)
        {
            throw codec.Reading
                ? new TpmMalformedResponseException($"{typeof(TUnion).Name} has no member {selector:X}")
                : new ArgumentNullException(nameof(value), $"{typeof(TUnion).Name} is missing");
        }

        structure.Transfer(codec);
        return member;
    }
}
