using System.Collections.Immutable;
using ActorMigration.Contracts;
using ActorMigration.Contracts.Trust;

namespace ActorMigration.Actors.Trust;

/// <summary>
/// How one voter judges all hosts: whom it asks when, and what it makes of the answers. Only evidence that was rejected makes a host one that is not trusted; silence and a TPM that does not answer close it after a while, and a host that is away is not
/// judged at all. Only evidence that is accepted ends a rejection. Pure; driven by <see cref="TrustActor"/> on the host of a voter.
/// </summary>
public sealed record TrustJudge
{
    /// <summary>Characters of all sentences of one word: it has to fit into one message with a thousand hosts too.</summary>
    private const int MostSentences = 64 * 1024;

    private ImmutableSortedDictionary<HostName, JudgedHost> Hosts { get; init; } = ImmutableSortedDictionary.Create<HostName, JudgedHost>(Comparer<HostName>.Create((a, b) => string.CompareOrdinal(a.Value, b.Value)));

    /// <summary>Nobody has been judged.</summary>
    public static TrustJudge New { get; } = new();

    /// <summary>As it was kept (<see cref="Lasting"/>): who was rejected still is, and everybody is asked anew.</summary>
    public static TrustJudge From(IEnumerable<JudgedHost> kept) => kept.Aggregate(New, (judge, host) => judge.With(host with { AskedAt = null, FailingSince = null }));

    /// <summary>What must not be forgotten: rejections, and the counters of each host's TPM, as it had them when it was last reset.</summary>
    public JudgedHost[] Lasting
        => [.. Hosts.Values.Where(h => h.Counters is not null || h.Rejections > 0).Select(h => h.Trust == HostTrust.Rejected ? h with { AskedAt = null, FailingSince = null } : h with { Trust = HostTrust.Unknown, SinceUnixMs = 0, Sentence = "", AskedAt = null, FailingSince = null })];

    /// <summary>Whether it is worth a write: clocks of TPMs go on all the time, and are kept with the rest.</summary>
    public bool LastsOtherwiseThan(TrustJudge kept)
    {
        static IEnumerable<(HostName, HostTrust, int, string?, uint?, uint?)> Of(TrustJudge judge)
            => judge.Lasting.Select(h => (h.Host, h.Trust, h.Rejections, h.Counters?.AkFingerprint, h.Counters?.ResetCount, h.Counters?.RestartCount));
        return !ReferenceEquals(this, kept) && !Of(this).SequenceEqual(Of(kept));
    }

    /// <summary>Whether everybody here has been asked and has answered, or has not within the patience of a question.</summary>
    public bool HasHeardOf(IEnumerable<HostName> members) => members.All(m => Of(m) is { Trust: not HostTrust.Unknown } or { FailingSince: not null } or { Rejections: > 0 });

    /// <summary>Whom to ask now, the longest not asked first.</summary>
    public ImmutableArray<HostName> Due(ImmutableArray<HostName> members, TimeSpan now, TimeSpan interval)
        => [.. members.Select(Of)
            .Where(h => h.AskedAt is not { } at || now - at >= (h is { Rejections: > 0, Trust: not HostTrust.Rejected } ? Min(TrustSettings.Confirm, interval) : interval))
            .OrderBy(h => h.AskedAt ?? TimeSpan.MinValue).ThenBy(h => h.Host.Value, StringComparer.Ordinal).Select(h => h.Host)];

    /// <summary>A question is on its way.</summary>
    public TrustJudge Asked(HostName host, TimeSpan now) => With(Of(host) with { AskedAt = now });

    /// <summary>Counters of the host's last accepted evidence; null when there was none.</summary>
    public AttestationCounters? CountersOf(HostName host) => Of(host).Counters;

    /// <summary>Evidence was accepted.</summary>
    public TrustJudge Accepted(HostName host, AttestationCounters counters, string sentence, long nowUnixMs)
        => With(Of(host).Judged(HostTrust.Proved, sentence, nowUnixMs) with { Rejections = 0, Counters = counters, FailingSince = null });

    /// <summary>Evidence was rejected.</summary>
    public TrustJudge Rejected(HostName host, string sentence, long nowUnixMs)
    {
        var before = Of(host) with { Rejections = Math.Min(Of(host).Rejections + 1, TrustSettings.RejectionsInARow) };
        return With(before.Rejections >= TrustSettings.RejectionsInARow ? before.Judged(HostTrust.Rejected, sentence, nowUnixMs) : before);
    }

    /// <summary>The host has said nothing that can be judged: no answer, a TPM that does not work, evidence that came too late.</summary>
    public TrustJudge Failed(HostName host, string sentence, TimeSpan now, TimeSpan patience, long nowUnixMs)
    {
        var failing = Of(host) with { FailingSince = Of(host).FailingSince ?? now };
        return With(failing.Trust != HostTrust.Rejected && now - failing.FailingSince >= patience ? failing.Judged(HostTrust.Unproved, sentence, nowUnixMs) : failing);
    }

    /// <summary>Who is away is not failing.</summary>
    public TrustJudge Seen(ImmutableArray<HostName> members)
    {
        var gone = Hosts.Values.Where(h => h.FailingSince is not null && !members.Contains(h.Host)).ToArray();
        return gone.Length == 0 ? this : this with { Hosts = Hosts.SetItems(gone.Select(h => KeyValuePair.Create(h.Host, h with { FailingSince = null }))) };
    }

    /// <summary>The word that says all this; not signed yet.</summary>
    public TrustWord Word(HostName self, ImmutableArray<HostName> members, long nowUnixMs)
    {
        var told = members.Select(Of).OrderBy(h => h.Host.Value, StringComparer.Ordinal).ToArray();
        var others = told.Where(h => h.Trust != HostTrust.Proved).ToArray();
        var most = MostSentences / Math.Max(1, others.Length);
        return new TrustWord(
            self, nowUnixMs, [.. told.Where(h => h.Trust == HostTrust.Proved).Select(h => h.Host)],
            [.. others.Select(h => new HostJudgement(h.Host, h.Trust, h.SinceUnixMs, h.Sentence.Length <= most ? h.Sentence : h.Sentence[..most]))], []);
    }

    private JudgedHost Of(HostName host) => Hosts.GetValueOrDefault(host) ?? JudgedHost.New(host);

    private TrustJudge With(JudgedHost host) => this with { Hosts = Hosts.SetItem(host.Host, host) };

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
