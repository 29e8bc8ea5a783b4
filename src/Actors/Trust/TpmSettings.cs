namespace ActorMigration.Actors.Trust;

/// <summary>Limits of <see cref="TpmActor"/>; hocon section <c>amig.tpm-limits</c>, which the host reads and checks.</summary>
/// <param name="CommandDeadline">Longest one command may take before the connection is given up.</param>
/// <param name="FirstBackOff">Wait before the first attempt to open the TPM again; doubles.</param>
/// <param name="LongestBackOff">Where doubling ends.</param>
/// <param name="QueueLimit">Commands that may wait; more are answered at once.</param>
public sealed record TpmSettings(TimeSpan CommandDeadline, TimeSpan FirstBackOff, TimeSpan LongestBackOff, int QueueLimit);

/// <summary>What this host shows besides the quote; from its state directory, where enrolment put it.</summary>
/// <param name="Pcrs">PCRs of the SHA-256 bank that go into a quote, ascending; asked at each, as the policy may change.</param>
/// <param name="AkCertificate">DER.</param>
/// <param name="AkChain">DER certificates between it and the attestation CA; empty when the CA issued it directly.</param>
public sealed record AttestationIdentity(Func<int[]> Pcrs, byte[] AkCertificate, byte[][] AkChain);
