using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using ActorMigration.Contracts.Trust;

namespace ActorMigration.Actors.Trust.Verification;

/// <summary>
/// Decides whether evidence proves what this side expects. Pure: no TPM, no clock, no file; the same input gives the same verdict.
/// Order: the certificate says whose key it is, the key says that these very bytes were signed, and only then is anything in them
/// read. Every rule has its own <see cref="AttestationRule"/>; the first that fails is reported.
/// </summary>
public static class AttestationVerifier
{
    /// <summary>
    /// What a host has measured, and whether its TPM went back: all that is asked once it is known to be the host that it says it is, with evidence of this very moment. What may be overlooked of a host that is not trusted and is to be emptied.
    /// </summary>
    public static ImmutableHashSet<AttestationRule> OfMeasurements { get; } = [AttestationRule.PcrNotQuoted, AttestationRule.PcrValueNotAllowed, AttestationRule.CountersWentBack];

    /// <summary>Verifies <paramref name="evidence"/>, all of which may be hostile, at time <paramref name="now"/>.</summary>
    /// <param name="evidence">What the other host has sent.</param>
    /// <param name="expected">What this side knows by itself.</param>
    /// <param name="policy">By which it judges.</param>
    /// <param name="anchors">Whom it believes.</param>
    /// <param name="now">Now.</param>
    /// <param name="overlooked">Rules that need not hold; all others must. None but <see cref="OfMeasurements"/>.</param>
    public static AttestationVerdict Verify(
        Evidence evidence,
        QuoteExpectation expected,
        AttestationPolicy policy,
        TrustAnchors anchors,
        DateTimeOffset now,
        ImmutableHashSet<AttestationRule>? overlooked = null)
    {
        try
        {
            return new AttestationVerdict.Accepted(Check(evidence, expected, policy, anchors, now, overlooked ?? []));
        }
        catch (RuleViolation violation)
        {
            return new AttestationVerdict.Rejected(
                violation.Rule, $"evidence of host {expected.Host} rejected by policy {policy.Name}: {violation.Message}");
        }
    }

    private static AttestationFacts Check(
        Evidence evidence, QuoteExpectation expected, AttestationPolicy policy, TrustAnchors anchors, DateTimeOffset now, ImmutableHashSet<AttestationRule> overlooked)
    {
        CheckShape(evidence);
        using var ak = AkCertificate.Verify(evidence.AkCertificate, evidence.AkChain, anchors, now);
        RuleViolation.Unless(
            ak.Host == expected.Host, AttestationRule.WrongHost, $"its AK certificate is of host {ak.Host}");
        RuleViolation.Unless(
            ak.Tpm == TpmClass.Chip || policy.AllowSoftwareTpm,
            AttestationRule.SoftwareTpmNotAllowed,
            "its TPM is software, which root can copy, and the policy asks for a chip");

        TpmEcdsaSignature.Verify(evidence.Signature, evidence.Attest, ak.Key);
        var quote = QuotedAttest.Parse(evidence.Attest);
        RuleViolation.Unless(
            CryptographicOperations.FixedTimeEquals(quote.ExtraData, expected.Binding.QualifyingData()),
            AttestationRule.WrongBinding,
            "the quote was made for another nonce, role, attempt, TLS key or policy (a replay ends here)");

        RuleViolation.Unless(
            !policy.Revoked.Contains(ak.Fingerprint), AttestationRule.AkRevoked, $"its attestation key {ak.Fingerprint} is revoked");
        CheckPcrs(evidence.Pcrs, quote, policy, overlooked);
        var counters = new AttestationCounters(ak.Fingerprint, quote.Clock, quote.ResetCount, quote.RestartCount);
        if (!overlooked.Contains(AttestationRule.CountersWentBack))
        {
            CheckCounters(counters, expected.Previous);
        }

        var age = now - expected.ChallengedAt;
        RuleViolation.Unless(
            age.Duration() <= policy.MaxEvidenceAge,
            AttestationRule.EvidenceTooOld,
            string.Create(
                CultureInfo.InvariantCulture,
                $"its nonce was given out {age.TotalSeconds:0.0} s ago, more than the {policy.MaxEvidenceAge.TotalSeconds:0.0} s allowed"));
        return new AttestationFacts(ak.Host, ak.Fingerprint, ak.EkFingerprint, ak.Tpm, counters, quote.FirmwareVersion);
    }

    /// <summary>Bounds every part before anything looks into it. Records off the wire may hold nulls whatever their types say.</summary>
    private static void CheckShape(Evidence evidence)
    {
        RuleViolation.Unless(
            evidence.Kind == EvidenceKind.Tpm2Quote,
            AttestationRule.UnknownKind,
            $"evidence of kind {(int)evidence.Kind} cannot be checked by this version");
        CheckSize(evidence.Attest, Evidence.MaxAttestBytes, "the attest structure");
        CheckSize(evidence.Signature, Evidence.MaxSignatureBytes, "the signature");
        CheckSize(evidence.AkCertificate, Evidence.MaxCertificateBytes, "the AK certificate");
        RuleViolation.Unless(
            evidence.AkChain is { Length: <= Evidence.MaxChainLength },
            AttestationRule.Malformed,
            $"its certificate chain is missing or longer than {Evidence.MaxChainLength}");
        foreach (var certificate in evidence.AkChain)
        {
            CheckSize(certificate, Evidence.MaxCertificateBytes, "a certificate of its chain");
        }

        RuleViolation.Unless(
            evidence.Pcrs is { Length: <= PcrValue.MaxIndex + 1 },
            AttestationRule.Malformed,
            $"its PCR values are missing or more than {PcrValue.MaxIndex + 1}");
        foreach (var pcr in evidence.Pcrs)
        {
            RuleViolation.Unless(
                pcr is { Digest.Length: SHA256.HashSizeInBytes },
                AttestationRule.Malformed,
                "a PCR value is missing or not 32 bytes long");
        }
    }

    private static void CheckSize(byte[]? part, int most, string what)
        => RuleViolation.Unless(
            part is { Length: > 0 } && part.Length <= most, AttestationRule.Malformed, $"{what} is missing or longer than {most} bytes");

    private static void CheckPcrs(PcrValue[] values, QuotedAttest quote, AttestationPolicy policy, ImmutableHashSet<AttestationRule> overlooked)
    {
        RuleViolation.Unless(
            values.All(v => v.Bank == PcrBank.Sha256) && values.Select(v => v.Index).SequenceEqual(quote.Sha256Pcrs),
            AttestationRule.PcrSelectionMismatch,
            $"it sent values of PCRs {Join(values.Select(v => v.Index))}, but PCRs {Join(quote.Sha256Pcrs)} were quoted");

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var value in values)
        {
            hash.AppendData(value.Digest);
        }

        RuleViolation.Unless(
            CryptographicOperations.FixedTimeEquals(hash.GetHashAndReset(), quote.PcrDigest),
            AttestationRule.PcrDigestMismatch,
            "the PCR values it sent are not those that its TPM signed");

        foreach (var (index, allowed) in policy.Pcrs)
        {
            var value = Array.Find(values, v => v.Index == index);
            RuleViolation.Unless(value is not null || overlooked.Contains(AttestationRule.PcrNotQuoted), AttestationRule.PcrNotQuoted, $"PCR {index} was not quoted");
            if (value is null)
            {
                continue;
            }

            var hex = Convert.ToHexStringLower(value.Digest);
            RuleViolation.Unless(
                allowed.Contains(hex) || overlooked.Contains(AttestationRule.PcrValueNotAllowed), AttestationRule.PcrValueNotAllowed, $"PCR {index} is {hex}, which is not among its {allowed.Count} allowed values");
        }
    }

    /// <summary>
    /// With the same reset count the clock only goes forward. Across a reset it may lose what was not yet written to NV memory (up to
    /// about an hour on a chip that lost power), so there the reset count alone decides.
    /// </summary>
    private static void CheckCounters(AttestationCounters now, AttestationCounters? before)
    {
        if (before is null || before.AkFingerprint != now.AkFingerprint)
        {
            return;
        }

        RuleViolation.Unless(
            now.ResetCount >= before.ResetCount,
            AttestationRule.CountersWentBack,
            $"its TPM's reset count went back from {before.ResetCount} to {now.ResetCount}: its state was copied or restored");
        if (now.ResetCount > before.ResetCount)
        {
            return;
        }

        RuleViolation.Unless(
            now.RestartCount >= before.RestartCount,
            AttestationRule.CountersWentBack,
            $"its TPM's restart count went back from {before.RestartCount} to {now.RestartCount}: its state was copied or restored");
        RuleViolation.Unless(
            now.ClockMilliseconds >= before.ClockMilliseconds,
            AttestationRule.CountersWentBack,
            $"its TPM's clock went back from {before.ClockMilliseconds} ms to {now.ClockMilliseconds} ms: its state was copied or restored");
    }

    private static string Join(IEnumerable<int> indices) => string.Join(',', indices);
}
