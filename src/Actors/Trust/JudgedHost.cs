using ActorMigration.Contracts;
using ActorMigration.Contracts.Trust;

namespace ActorMigration.Actors.Trust;

/// <summary>What a voter remembers of one host. Durations are those of the voter's steady clock.</summary>
/// <param name="Host">The host.</param>
/// <param name="Trust">As it is judged now.</param>
/// <param name="SinceUnixMs">Since when.</param>
/// <param name="Sentence">Why.</param>
/// <param name="Rejections">In a row; an answer that proves nothing does not end the row, or a host could keep itself from being judged by it.</param>
/// <param name="Counters">Of its last accepted evidence; kept while it is away, as a copied TPM comes back with older ones.</param>
/// <param name="AskedAt">The last question.</param>
/// <param name="FailingSince">It was asked in vain since then, while it was a reachable member.</param>
public sealed record JudgedHost(HostName Host, HostTrust Trust, long SinceUnixMs, string Sentence, int Rejections, AttestationCounters? Counters, TimeSpan? AskedAt, TimeSpan? FailingSince)
{
    internal static JudgedHost New(HostName host) => new(host, HostTrust.Unknown, 0, "", 0, null, null, null);

    internal JudgedHost Judged(HostTrust trust, string sentence, long nowUnixMs)
        => this with { Trust = trust, SinceUnixMs = trust == Trust ? SinceUnixMs : nowUnixMs, Sentence = sentence.Length <= TrustWord.MostSentence ? sentence : sentence[..TrustWord.MostSentence] };
}
