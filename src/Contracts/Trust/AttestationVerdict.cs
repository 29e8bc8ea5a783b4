namespace ActorMigration.Contracts.Trust;

/// <summary>What a verifier says about one piece of evidence.</summary>
public abstract record AttestationVerdict
{
    private AttestationVerdict()
    {
    }

    /// <summary>Every rule holds.</summary>
    public sealed record Accepted(AttestationFacts Facts) : AttestationVerdict;

    /// <summary>The first rule that does not hold, and the sentence an operator reads.</summary>
    public sealed record Rejected(AttestationRule Rule, string Sentence) : AttestationVerdict;
}

/// <summary>What accepted evidence proves about the host; kept in the receipt and shown by <c>amig host show</c>.</summary>
/// <param name="Host">Name in the AK certificate.</param>
/// <param name="AkFingerprint">SHA-256 of the attestation key's SubjectPublicKeyInfo, lower-case hex.</param>
/// <param name="EkFingerprint">SHA-256 of the endorsement key's SubjectPublicKeyInfo, as the attestation CA saw it at enrolment, lower-case hex.</param>
/// <param name="Tpm">Chip or software, as the attestation CA saw it at enrolment.</param>
/// <param name="Counters">To be handed to the next verification of the same host.</param>
/// <param name="FirmwareVersion">The TPM's own firmware.</param>
public sealed record AttestationFacts(
    HostName Host,
    string AkFingerprint,
    string EkFingerprint,
    TpmClass Tpm,
    AttestationCounters Counters,
    ulong FirmwareVersion);

/// <summary>Clock and boot counters of one TPM at one quote. They never go back on an honest chip; on a cloned or restored software TPM they do.</summary>
/// <param name="AkFingerprint">The key they belong to; counters of another key are not comparable.</param>
/// <param name="ClockMilliseconds">Time powered, ms; goes on across resets.</param>
/// <param name="ResetCount">Resets (boots) of the TPM.</param>
/// <param name="RestartCount">Resumes since the last reset.</param>
public sealed record AttestationCounters(string AkFingerprint, ulong ClockMilliseconds, uint ResetCount, uint RestartCount);

/// <summary>What stands behind an endorsement key.</summary>
public enum TpmClass
{
    /// <summary>A chip or firmware TPM: its state cannot be copied as a file.</summary>
    Chip = 1,

    /// <summary>A software TPM: whoever is root on its machine can copy or roll back it.</summary>
    Software = 2,
}
