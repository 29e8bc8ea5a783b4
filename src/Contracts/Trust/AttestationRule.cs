namespace ActorMigration.Contracts.Trust;

/// <summary>The rules of the verifier, in the order it applies them. One member per rule, so that a test and an operator can name it.</summary>
public enum AttestationRule
{
    /// <summary>The kind of evidence is one that this version cannot check.</summary>
    UnknownKind = 1,

    /// <summary>A part is missing, longer than allowed or not well formed.</summary>
    Malformed,

    /// <summary>The AK certificate does not lead to the attestation CA, or a certificate was sent that is not on the way.</summary>
    AkChainInvalid,

    /// <summary>The AK certificate or one above it is expired or not yet valid.</summary>
    AkCertificateExpired,

    /// <summary>A certificate of the right CA, but not one for an attestation key (other usage, other key type, or it does not name host, EK and TPM class).</summary>
    NotAnAkCertificate,

    /// <summary>The AK certificate is of another host than the one this side talks to.</summary>
    WrongHost,

    /// <summary>The certificate says that the TPM is software and the policy does not allow that.</summary>
    SoftwareTpmNotAllowed,

    /// <summary>The signature is not the attestation key's over these bytes.</summary>
    SignatureInvalid,

    /// <summary>Signed by the right key, but not made inside a TPM (magic).</summary>
    NotTpmGenerated,

    /// <summary>Made by the TPM, but not a quote.</summary>
    NotAQuote,

    /// <summary>A quote about something else: another nonce, role, attempt, container, TLS key or policy. A replayed quote ends here.</summary>
    WrongBinding,

    /// <summary>The policy lists the attestation key as one that is not believed any more.</summary>
    AkRevoked,

    /// <summary>The values sent are not those of the PCRs that were quoted (other bank or indices).</summary>
    PcrSelectionMismatch,

    /// <summary>The values sent do not hash to the quoted digest.</summary>
    PcrDigestMismatch,

    /// <summary>The policy asks for a PCR that was not quoted.</summary>
    PcrNotQuoted,

    /// <summary>A PCR has a value that the policy does not list.</summary>
    PcrValueNotAllowed,

    /// <summary>Reset count, restart count or clock of the TPM is lower than before.</summary>
    CountersWentBack,

    /// <summary>More time passed since the nonce was given out than the policy allows.</summary>
    EvidenceTooOld,
}
