namespace ActorMigration.Contracts.Trust;

/// <summary>What kind of hardware vouches. Reports of SEV-SNP and TDX join here as further kinds; a verifier refuses kinds it does not know.</summary>
public enum EvidenceKind
{
    /// <summary>A TPM 2.0 quote, signed by an attestation key with a certificate of the attestation CA.</summary>
    Tpm2Quote = 1,
}

/// <summary>
/// What a host sends to prove its state; as large as it is untrusted. Made by the host's tpm actor, checked by the other host's
/// verifier over exactly these bytes.
/// </summary>
/// <param name="Kind">How to read the rest.</param>
/// <param name="Attest">TPMS_ATTEST as the TPM signed it.</param>
/// <param name="Signature">TPMT_SIGNATURE over <paramref name="Attest"/>.</param>
/// <param name="Pcrs">Values behind the quoted digest, ascending by index.</param>
/// <param name="AkCertificate">DER certificate of the attestation key.</param>
/// <param name="AkChain">DER certificates between it and the attestation CA, without either; empty when the CA issued it directly.</param>
public sealed record Evidence(
    EvidenceKind Kind,
    byte[] Attest,
    byte[] Signature,
    PcrValue[] Pcrs,
    byte[] AkCertificate,
    byte[][] AkChain)
{
    /// <summary>Bytes. A quote of 24 PCRs has about 150; a longer one is not a quote.</summary>
    public const int MaxAttestBytes = 1024;

    /// <summary>Bytes. ECDSA P-256 takes 72.</summary>
    public const int MaxSignatureBytes = 256;

    /// <summary>Bytes of one certificate; ours have under 1 KiB.</summary>
    public const int MaxCertificateBytes = 4096;

    /// <summary>Certificates between AK and CA; one would do for a CA with an issuing CA under it.</summary>
    public const int MaxChainLength = 3;
}

/// <summary>One platform configuration register.</summary>
/// <param name="Bank">Hash of the bank it is in.</param>
/// <param name="Index">0 to <see cref="MaxIndex"/>.</param>
/// <param name="Digest">Its value; as long as the bank's hash.</param>
public sealed record PcrValue(PcrBank Bank, int Index, byte[] Digest)
{
    /// <summary>The last PCR that a PC client TPM has.</summary>
    public const int MaxIndex = 23;
}

/// <summary>Hash algorithm of a PCR bank; the values are the TPM's (TPM_ALG_ID). SHA-1 banks are not accepted as evidence.</summary>
public enum PcrBank
{
    Sha256 = 0x000B,
}
