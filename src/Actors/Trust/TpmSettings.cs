using Akka.Configuration;

namespace ActorMigration.Actors.Trust;

/// <summary>Limits of <see cref="TpmActor"/>; hocon section <c>amig.tpm</c>, described in hocon/trust.conf.</summary>
/// <param name="CommandDeadline">Longest one command may take before the connection is given up.</param>
/// <param name="FirstBackOff">Wait before the first attempt to open the TPM again; doubles.</param>
/// <param name="LongestBackOff">Where doubling ends.</param>
/// <param name="QueueLimit">Commands that may wait; more are answered at once.</param>
public sealed record TpmSettings(TimeSpan CommandDeadline, TimeSpan FirstBackOff, TimeSpan LongestBackOff, int QueueLimit)
{
    /// <summary>Reads <c>amig.tpm</c>; throws <see cref="ConfigurationException"/> naming the key that makes no sense.</summary>
    public static TpmSettings FromConfig(Config amigTpm)
    {
        var settings = new TpmSettings(
            amigTpm.GetTimeSpan("command-deadline"),
            amigTpm.GetTimeSpan("first-back-off"),
            amigTpm.GetTimeSpan("longest-back-off"),
            amigTpm.GetInt("queue-limit"));
        Require(settings.CommandDeadline > TimeSpan.Zero, "command-deadline", "longer than 0");
        Require(settings.FirstBackOff > TimeSpan.Zero, "first-back-off", "longer than 0");
        Require(settings.LongestBackOff >= settings.FirstBackOff, "longest-back-off", "at least first-back-off");
        Require(settings.QueueLimit > 0, "queue-limit", "more than 0");
        return settings;
    }

    private static void Require(bool holds, string key, string what)
    {
        if (!holds)
        {
            throw new ConfigurationException($"amig.tpm.{key} must be set and {what}");
        }
    }
}

/// <summary>What this host shows besides the quote; from its state directory, where enrolment put it.</summary>
/// <param name="QuotedPcrs">PCRs of the SHA-256 bank in every quote, ascending.</param>
/// <param name="AkCertificate">DER.</param>
/// <param name="AkChain">DER certificates between it and the attestation CA; empty when the CA issued it directly.</param>
public sealed record AttestationIdentity(int[] QuotedPcrs, byte[] AkCertificate, byte[][] AkChain);
