using ActorMigration.Actors.Trust;
using ActorMigration.Contracts;
using ActorMigration.Contracts.Trust;

namespace ActorMigration.Actors.Tests.Trust;

/// <summary>What a voter makes of what a host shows, or does not.</summary>
public sealed class TrustJudgeSpec
{
    private static readonly HostName A = new("a");
    private static readonly HostName B = new("b");
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);
    private static readonly AttestationCounters Counters = new("ak", 5, 1, 0);

    [Fact]
    public void A_host_is_asked_once_in_an_interval_and_the_longest_not_asked_first()
    {
        var judge = TrustJudge.New.Asked(B, TimeSpan.Zero);

        Assert.Equal((HostName[])[A], judge.Due([A, B], TimeSpan.FromSeconds(59), Interval));
        Assert.Equal((HostName[])[A, B], judge.Due([A, B], Interval, Interval));
        Assert.Equal((HostName[])[B, A], judge.Asked(A, TimeSpan.FromSeconds(1)).Due([A, B], Interval * 2, Interval));
    }

    [Fact]
    public void One_rejection_is_confirmed_soon_and_judges_nobody()
    {
        var judge = TrustJudge.New.Asked(A, TimeSpan.Zero).Accepted(A, Counters, "", 1).Rejected(A, "no", 2);

        Assert.Equal(HostTrust.Proved, Of(judge, A).Trust);
        Assert.Empty(judge.Due([A], TrustSettings.Confirm - TimeSpan.FromMilliseconds(1), Interval));
        Assert.Equal((HostName[])[A], judge.Due([A], TrustSettings.Confirm, Interval));
    }

    [Fact]
    public void Two_rejections_in_a_row_judge_and_only_accepted_evidence_ends_that()
    {
        var judge = TrustJudge.New.Accepted(A, Counters, "", 1).Rejected(A, "no", 2).Rejected(A, "still no", 3);

        Assert.Equal((HostTrust.Rejected, 3, "still no"), (Of(judge, A).Trust, Of(judge, A).SinceUnixMs, Of(judge, A).Sentence));
        Assert.Equal(HostTrust.Rejected, Of(Silent(judge, TimeSpan.Zero, Patience * 2), A).Trust);
        Assert.Empty(judge.Asked(A, TimeSpan.Zero).Due([A], TrustSettings.Confirm, Interval));
        var again = judge.Rejected(A, "again", 4).Accepted(A, Counters, "", 5);
        Assert.Equal(HostTrust.Proved, Of(again, A).Trust);
        Assert.Equal(HostTrust.Proved, Of(again.Rejected(A, "no", 6), A).Trust);
    }

    [Fact]
    public void An_answer_that_proves_nothing_does_not_end_a_row_of_rejections()
    {
        var judge = TrustJudge.New.Rejected(A, "no", 1).Failed(A, "busy", TimeSpan.Zero, Patience, 2).Rejected(A, "no", 3);

        Assert.Equal(HostTrust.Rejected, Of(judge, A).Trust);
    }

    [Fact]
    public void Accepted_evidence_between_two_rejections_ends_the_row()
        => Assert.Equal(HostTrust.Proved, Of(TrustJudge.New.Rejected(A, "no", 1).Accepted(A, Counters, "", 2).Rejected(A, "no", 3), A).Trust);

    [Fact]
    public void A_host_that_proves_nothing_is_unproved_after_the_patience_and_not_before()
    {
        var judge = TrustJudge.New.Accepted(A, Counters, "", 1);

        Assert.Equal(HostTrust.Proved, Of(Silent(judge, TimeSpan.Zero, Patience - Interval), A).Trust);
        var unproved = Silent(judge, TimeSpan.Zero, Patience);
        Assert.Equal(HostTrust.Unproved, Of(unproved, A).Trust);
        Assert.Equal(HostTrust.Proved, Of(unproved.Accepted(A, Counters, "", 9), A).Trust);
    }

    [Fact]
    public void A_host_that_is_away_is_not_failing()
    {
        var judge = Silent(TrustJudge.New.Accepted(A, Counters, "", 1), TimeSpan.Zero, Patience - Interval);

        judge = judge.Seen([B]).Seen([A, B]);

        Assert.Equal(HostTrust.Proved, Of(Silent(judge, Patience, Patience + Interval), A).Trust);
    }

    [Fact]
    public void Counters_of_a_host_are_kept_while_it_is_away()
        => Assert.Equal(Counters, TrustJudge.New.Accepted(A, Counters, "", 1).Seen([B]).CountersOf(A));

    [Fact]
    public void A_word_names_all_members_and_whoever_was_rejected_and_is_away()
    {
        var judge = TrustJudge.New.Accepted(B, Counters, "", 1).Rejected(A, "no", 2).Rejected(A, "no", 3);

        var word = judge.Word(B, [B, new HostName("c")], 4);

        Assert.Equal([B], word.Proved);
        Assert.Equal([(A, HostTrust.Rejected), (new HostName("c"), HostTrust.Unknown)], word.Others.Select(o => (o.Host, o.Trust)));
        Assert.Equal([A], judge.Word(B, [B], 4).Others.Select(o => o.Host));
        Assert.Empty(judge.Accepted(A, Counters, "", 5).Word(B, [B], 6).Others);
    }

    [Fact]
    public void A_word_of_a_thousand_rejected_hosts_fits_into_one_message()
    {
        HostName[] hosts = [.. Enumerable.Range(0, 1000).Select(n => new HostName($"host-{n}"))];
        var judge = hosts.Aggregate(TrustJudge.New, (all, host) => all.Rejected(host, new string('x', 2000), 1).Rejected(host, new string('x', 2000), 1));

        var word = judge.Word(A, [.. hosts], 1);

        Assert.Equal(1000, word.Others.Length);
        Assert.InRange(word.Others.Sum(o => o.Sentence.Length), 1, 64 * 1024);
        Assert.Equal(TrustWord.MostSentence, TrustJudge.New.Rejected(A, new string('x', 2000), 1).Rejected(A, new string('x', 2000), 1).Word(A, [A], 1).Others[0].Sentence.Length);
    }

    [Fact]
    public void Every_part_of_a_word_is_signed()
    {
        var word = Words.Of("a", ("b", HostTrust.Proved), ("c", HostTrust.Rejected));
        var other = word.Others[0];
        TrustWord[] changed =
        [
            word with { By = B }, word with { AtUnixMs = word.AtUnixMs + 1 }, word with { Proved = [] }, word with { Proved = [A] }, word with { Others = [] },
            word with { Others = [other with { Host = A }] }, word with { Others = [other with { Trust = HostTrust.Unknown }] }, word with { Others = [other with { SinceUnixMs = 7 }] }, word with { Others = [other with { Sentence = "" }] },
        ];

        Assert.All(changed, one => Assert.NotEqual(word.SignedBytes(), one.SignedBytes()));
        Assert.Equal(word.SignedBytes(), (word with { Signature = [1] }).SignedBytes());
    }

    private static TrustJudge Silent(TrustJudge judge, TimeSpan from, TimeSpan to)
    {
        for (var now = from; now <= to; now += Interval)
        {
            judge = judge.Failed(A, "silent", now, Patience, 9);
        }

        return judge;
    }

    private static HostJudgement Of(TrustJudge judge, HostName host)
    {
        var word = judge.Word(B, [A, B], 1);
        return word.Proved.Contains(host) ? new HostJudgement(host, HostTrust.Proved, 0, "") : word.Others.First(o => o.Host == host);
    }
}
