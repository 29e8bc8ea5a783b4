using ActorMigration.Actors.Trust;
using Tpm2Lib;

namespace ActorMigration.Host.Trust.Tpm;

/// <summary>The public areas from which a TPM makes its endorsement and attestation keys, the same key each time.</summary>
internal static class KeyTemplates
{
    private const ushort RsaBits = 2048;
    private const ushort Aes128 = 128;
    private const ushort Aes256 = 256;
    private const int P256Bytes = 32;

    private const ObjectAttr Endorsement = ObjectAttr.FixedTPM | ObjectAttr.FixedParent | ObjectAttr.SensitiveDataOrigin
        | ObjectAttr.AdminWithPolicy | ObjectAttr.Restricted | ObjectAttr.Decrypt;

    /// <summary>
    /// Restricted: it signs nothing but what the TPM made itself. In the endorsement hierarchy its quotes hold the boot counters plain.
    /// No dictionary-attack protection, as it has no password to guess and a lockout must not stop quotes.
    /// </summary>
    public static TpmPublic AttestationKey => new(
        TpmAlgId.Sha256,
        ObjectAttr.FixedTPM | ObjectAttr.FixedParent | ObjectAttr.SensitiveDataOrigin | ObjectAttr.UserWithAuth | ObjectAttr.NoDA
            | ObjectAttr.Restricted | ObjectAttr.Sign,
        [],
        new EccParms(new SymDefObject(), new SchemeEcdsa(TpmAlgId.Sha256), EccCurve.TpmEccNistP256, new NullKdfScheme()),
        new EccPoint([], []));

    /// <summary>TCG EK credential profile, annex B, which also fixes the policies.</summary>
    public static TpmPublic EndorsementKey(EkTemplate template) => template switch
    {
        EkTemplate.L1 => new TpmPublic(
            TpmAlgId.Sha256,
            Endorsement,
            PolicyA,
            new RsaParms(new SymDefObject(TpmAlgId.Aes, Aes128, TpmAlgId.Cfb), new NullAsymScheme(), RsaBits, 0),
            new Tpm2bPublicKeyRsa(new byte[RsaBits / 8])),
        EkTemplate.L2 => new TpmPublic(
            TpmAlgId.Sha256,
            Endorsement,
            PolicyA,
            new EccParms(
                new SymDefObject(TpmAlgId.Aes, Aes128, TpmAlgId.Cfb), new NullAsymScheme(), EccCurve.TpmEccNistP256, new NullKdfScheme()),
            new EccPoint(new byte[P256Bytes], new byte[P256Bytes])),
        EkTemplate.H3 => new TpmPublic(
            TpmAlgId.Sha384,
            Endorsement | ObjectAttr.UserWithAuth,
            PolicyBSha384,
            new EccParms(
                new SymDefObject(TpmAlgId.Aes, Aes256, TpmAlgId.Cfb), new NullAsymScheme(), EccCurve.TpmEccNistP384, new NullKdfScheme()),
            new EccPoint([], [])),
        _ => throw new ArgumentOutOfRangeException(nameof(template), template, "not a supported EK template"),
    };

    /// <summary>NV index of the certificate.</summary>
    public static uint CertificateIndex(EkTemplate template) => template switch
    {
        EkTemplate.L1 => 0x01C00002,
        EkTemplate.L2 => 0x01C0000A,
        EkTemplate.H3 => 0x01C00016,
        _ => throw new ArgumentOutOfRangeException(nameof(template), template, "not a supported EK template"),
    };

    /// <summary>High-range keys may be used with their (empty) password; low-range ones only through PolicySecret of the hierarchy.</summary>
    public static bool NeedsPolicy(EkTemplate template) => template != EkTemplate.H3;

    /// <summary>PolicySecret(endorsement hierarchy), SHA-256.</summary>
    private static byte[] PolicyA => Convert.FromHexString("837197674484B3F81A90CC8D46A5D724FD52D76E06520B64F2A1DA1B331469AA");

    /// <summary>PolicyOR of PolicySecret and a policy in NV, SHA-384.</summary>
    private static byte[] PolicyBSha384
        => Convert.FromHexString("B26E7D28D11A50BC53D882BCF5FD3A1A074148BB35D3B4E4CB1C0AD9BDE419CACB47BA09699646150F9FC000F3F80E12");
}
