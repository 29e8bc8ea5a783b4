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
    public void A_word_names_all_members_and_whoever_was_rejected_still_is_when_it_comes_back()
    {
        var judge = TrustJudge.New.Accepted(B, Counters, "", 1).Rejected(A, "no", 2).Rejected(A, "no", 3);

        var word = judge.Word(B, [B, new HostName("c")], 4);

        Assert.Equal([B], word.Proved);
        Assert.Equal([(new HostName("c"), HostTrust.Unknown)], word.Others.Select(o => (o.Host, o.Trust)));
        Assert.Equal([A], judge.Word(B, [A, B], 5).Others.Select(o => o.Host));
        Assert.Empty(judge.Accepted(A, Counters, "", 5).Word(B, [A, B], 6).Others);
    }

    [Fact]
    public void A_word_of_a_thousand_rejected_hosts_fits_into_one_message()
    {
        HostName[] hosts = [.. Enumerable.Range(0, 1000).Select(n => new HostName($"host-{n}"))];
        var judge = hosts.Aggregate(TrustJudge.New, (all, host) => all.Rejected(host, new string('x', 2000), 1).Rejected(host, new string('x', 2000), 1));

        var word = judge.Word(A, [.. hosts], 1);

        Assert.Equal(1000, word.Others.Length);
        Assert.InRange(System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(word).Length, 1, IWire.MaxBytes);
        Assert.Equal(TrustWord.MostSentence, TrustJudge.New.Rejected(A, new string('x', 2000), 1).Rejected(A, new string('x', 2000), 1).Word(A, [A], 1).Others[0].Sentence.Length);
    }

    [Fact]
    public void A_rejection_and_counters_outlive_the_daemon_and_nothing_else_does()
    {
        var judge = TrustJudge.New.Asked(A, TimeSpan.FromHours(1)).Accepted(A, Counters, "", 1).Rejected(A, "no", 2).Rejected(A, "no", 3).Accepted(B, Counters, "", 4);

        var again = TrustJudge.From(judge.Lasting);

        Assert.Equal((HostTrust.Rejected, 3, "no"), (Of(again, A).Trust, Of(again, A).SinceUnixMs, Of(again, A).Sentence));
        Assert.Equal(HostTrust.Unknown, Of(again, B).Trust);
        Assert.Equal(Counters, again.CountersOf(B));
        Assert.Equal((HostName[])[A, B], again.Due([A, B], TimeSpan.Zero, Interval));
        Assert.Equal(HostTrust.Proved, Of(again.Accepted(A, Counters, "", 5), A).Trust);
        // One rejection before the end, and one after it.
        Assert.Equal(HostTrust.Rejected, Of(TrustJudge.From(TrustJudge.New.Rejected(A, "no", 1).Lasting).Rejected(A, "no", 2), A).Trust);
    }

    [Fact]
    public void Only_what_lasts_is_worth_a_write()
    {
        var kept = TrustJudge.New.Accepted(A, Counters, "", 1);

        Assert.False(kept.LastsOtherwiseThan(kept));
        Assert.False(kept.Accepted(A, Counters with { ClockMilliseconds = 9 }, "", 2).LastsOtherwiseThan(kept));
        Assert.False(kept.Failed(A, "silent", TimeSpan.Zero, Patience, 2).LastsOtherwiseThan(kept));
        Assert.True(kept.Rejected(A, "no", 2).LastsOtherwiseThan(kept));
        Assert.True(kept.Accepted(A, Counters with { ResetCount = 2 }, "", 2).LastsOtherwiseThan(kept));
        Assert.True(kept.Accepted(B, Counters, "", 2).LastsOtherwiseThan(kept));
    }

    [Fact]
    public void Whoever_has_not_been_heard_of_is_known()
    {
        var judge = TrustJudge.New.Accepted(A, Counters, "", 1);

        Assert.False(judge.HasHeardOf([A, B]));
        Assert.True(judge.Failed(B, "silent", TimeSpan.Zero, Patience, 1).HasHeardOf([A, B]));
        Assert.True(judge.Rejected(B, "no", 1).HasHeardOf([A, B]));
    }

    [Fact]
    public void Every_part_of_a_question_is_signed_and_bounded()
    {
        var question = new ProveHost(A, B, new byte[32], new byte[32], [0, 7], []);
        ProveHost[] changed = [question with { By = B }, question with { Host = A }, question with { Nonce = [1, .. new byte[31]] }, question with { PolicyDigest = [1, .. new byte[31]] }, question with { Pcrs = [0, 8] }, question with { Pcrs = [0] }];
        ProveHost[] broken =
        [
            question with { By = default }, question with { Host = new HostName("No Host") }, question with { Nonce = [] }, question with { Nonce = null! }, question with { PolicyDigest = new byte[31] }, question with { Pcrs = [] }, question with { Pcrs = null! },
            question with { Pcrs = [-1, 0] }, question with { Pcrs = [24] }, question with { Pcrs = [7, 0] }, question with { Pcrs = [7, 7] }, question with { Signature = null! },
        ];

        Assert.All(changed, one => Assert.NotEqual(question.SignedBytes(), one.SignedBytes()));
        Assert.True(question.IsWhole);
        Assert.All(broken, one => Assert.False(one.IsWhole));
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
