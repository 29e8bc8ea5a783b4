using ActorMigration.Actors.Trust;
using ActorMigration.Contracts;
using ActorMigration.Contracts.Trust;

namespace ActorMigration.Actors.Tests.Trust;

/// <summary>What several voters' words come to.</summary>
public sealed class TrustBoardSpec
{
    private static readonly HostName H = new("h");
    private static readonly TrustBoard Empty = new([new HostName("a"), new HostName("b"), new HostName("c")]);

    [Fact]
    public void No_single_voter_has_a_host_distrusted_or_trusted_again()
    {
        var one = Empty.With(Words.Of("a", ("h", HostTrust.Rejected)), long.MaxValue);
        var two = one.With(Words.Of("b", ("h", HostTrust.Rejected)), long.MaxValue);
        var back = two.With(Words.Of("c", ("h", HostTrust.Proved)), long.MaxValue);

        Assert.Equal([HostTrust.Unknown, HostTrust.Rejected, HostTrust.Rejected], ((TrustBoard[])[one, two, back]).Select(b => b.Of(H)));
        Assert.Equal(HostTrust.Proved, back.With(Words.Of("a", ("h", HostTrust.Proved)), long.MaxValue).Of(H));
    }

    [Fact]
    public void A_voter_that_names_a_host_twice_counts_once()
    {
        var judgement = new HostJudgement(H, HostTrust.Rejected, 1, "no");
        var word = Words.Of("a") with { Others = [judgement, judgement, judgement], Proved = [H, H, H] };

        Assert.False(word.IsWhole);
        Assert.Equal(HostTrust.Unknown, Empty.With(word, long.MaxValue).Of(H));
        Assert.Equal(HostTrust.Unknown, Empty.With(word with { Others = [] }, long.MaxValue).Of(H));
    }

    [Fact]
    public void Whoever_is_no_voter_says_nothing_that_counts()
    {
        var board = Empty.With(Words.Of("x", ("h", HostTrust.Rejected)), long.MaxValue).With(Words.Of("y", ("h", HostTrust.Rejected)), long.MaxValue);

        Assert.Same(Empty, board);
    }

    [Fact]
    public void An_older_word_changes_nothing()
    {
        var (old, later) = (Words.Of("a", ("h", HostTrust.Rejected)), Words.Of("a", ("h", HostTrust.Proved)));
        var board = Empty.With(later, long.MaxValue).With(Words.Of("b", ("h", HostTrust.Proved)), long.MaxValue);

        Assert.Same(board, board.With(old, long.MaxValue));
        Assert.Same(board, board.With(later, long.MaxValue));
        Assert.Equal(HostTrust.Proved, board.Of(H));
    }

    [Fact]
    public void A_word_that_was_taken_while_the_clock_was_wrong_gives_way()
    {
        var (old, later) = (Words.Of("a", ("h", HostTrust.Rejected)), Words.Of("a", ("h", HostTrust.Proved)));
        var board = Empty.With(later, long.MaxValue).With(Words.Of("b", ("h", HostTrust.Proved)), long.MaxValue);

        Assert.Same(board, board.With(old, later.AtUnixMs));
        Assert.Equal(HostTrust.Unknown, board.With(old, later.AtUnixMs - 1).Of(H));
    }

    [Fact]
    public void One_that_rejects_and_one_that_waits_in_vain_close_a_host_and_do_not_condemn_it()
        => Assert.Equal(HostTrust.Unproved, Empty.With(Words.Of("a", ("h", HostTrust.Rejected)), long.MaxValue).With(Words.Of("b", ("h", HostTrust.Unproved)), long.MaxValue).Of(H));

    [Fact]
    public void A_host_that_a_voter_does_not_know_yet_is_not_proved_by_it()
        => Assert.Equal(HostTrust.Unknown, Empty.With(Words.Of("a", ("h", HostTrust.Proved)), long.MaxValue).With(Words.Of("b", ("h", HostTrust.Unknown)), long.MaxValue).Of(H));

    [Fact]
    public void Without_voters_nothing_is_known() => Assert.Equal(HostTrust.Unknown, ClusterTrust.None.Board.Of(H));

    [Theory]
    [InlineData(1, 3, false)]
    [InlineData(2, 3, true)]
    [InlineData(1, 2, false)]
    [InlineData(1, 1, true)]
    [InlineData(3, 6, false)]
    [InlineData(4, 6, true)]
    public void More_than_half_of_all_hosts_are_a_landslide(int rejected, int hosts, bool isLandslide)
    {
        (string, HostTrust)[] said = [.. Enumerable.Range(0, hosts).Select(n => ($"h{n}", n < rejected ? HostTrust.Rejected : HostTrust.Proved))];

        var board = Empty.With(Words.Of("a", said), long.MaxValue).With(Words.Of("b", said), long.MaxValue)
            .With(Words.Of("c", [.. Enumerable.Range(100, 100).Select(n => ($"h{n}", HostTrust.Proved))]), long.MaxValue);

        // Those that one voter has made up do not count.
        Assert.Equal(isLandslide, board.IsLandslide);
    }

    [Fact]
    public void What_is_told_does_nothing_to_a_terminal()
    {
        var word = Words.Of("a") with { Others = [new HostJudgement(H, HostTrust.Rejected, 1, "\u001b[2Jgone\n")] };

        Assert.Equal("?[2Jgone? (so say 1 of 3 voters: a)", Empty.With(word, long.MaxValue).Against(H));
    }

    [Fact]
    public void Who_says_what_is_told_also_of_a_minority()
    {
        Assert.Equal("h is Rejected (so say 2 of 3 voters: a, b)", Empty.With(Words.Of("b", ("h", HostTrust.Rejected)), long.MaxValue).With(Words.Of("a", ("h", HostTrust.Rejected)), long.MaxValue).With(Words.Of("c", ("h", HostTrust.Proved)), long.MaxValue).Against(H));
        Assert.Equal("h is Unproved (so say 1 of 3 voters: c)", Empty.With(Words.Of("c", ("h", HostTrust.Unproved)), long.MaxValue).Against(H));
        Assert.Equal("", Empty.With(Words.Of("c", ("h", HostTrust.Unknown)), long.MaxValue).Against(H));
    }

    [Theory]
    [InlineData(UntrustedAction.Stop, true, false)]
    [InlineData(UntrustedAction.Evacuate, false, true)]
    [InlineData(UntrustedAction.Leave, false, false)]
    public void What_is_done_with_a_host_is_the_operators_word(UntrustedAction action, bool isStopped, bool isEvacuated)
    {
        var trust = new ClusterTrust(Empty, action);

        trust.Say("h", HostTrust.Rejected, "a", "b");
        Assert.Equal((true, isStopped, isEvacuated), (trust.IsDistrusted(H), trust.IsStopped(H), trust.IsEvacuated(H)));
        Assert.StartsWith("host h is not trusted: h is Rejected (so say 2 of 3 voters", trust.WhyTakesNothing(H), StringComparison.Ordinal);

        Assert.Equal(action != UntrustedAction.Stop, trust.MayGoOn(H));
        Assert.False(trust.MayLead(H));
        Assert.Equal(isEvacuated, trust.WhyGivesNothing(H) is null);

        // In a landslide nothing is stopped or moved, what stood goes on, and somebody has to lead.
        trust.Say("h", HostTrust.Rejected);
        Assert.Equal((true, false, false), (trust.IsDistrusted(H), trust.IsStopped(H), trust.IsEvacuated(H)));
        Assert.True(trust.MayGoOn(H) && trust.MayLead(H));

        // One that has just come may be what little a daemon has heard.
        trust.Put(trust.Board, [], isLasting: false);
        Assert.Equal((true, action != UntrustedAction.Stop), (trust.IsLandslide, trust.MayGoOn(H)));

        // Not settled yet.
        trust.Say("h", HostTrust.Rejected, "a", "b");
        trust.Put(trust.Board, [], isLasting: true);
        Assert.Equal((true, false, false), (trust.IsDistrusted(H), trust.IsStopped(H), trust.IsEvacuated(H)));
        Assert.Equal(action != UntrustedAction.Stop, trust.MayGoOn(H));

        trust.Say("h", HostTrust.Unproved, "a", "b");
        Assert.Equal((false, false, false), (trust.IsDistrusted(H), trust.IsStopped(H), trust.IsEvacuated(H)));
        Assert.StartsWith("host h cannot prove what it is", trust.WhyTakesNothing(H), StringComparison.Ordinal);

        trust.Say("h", HostTrust.Proved, "a", "b");
        Assert.Null(trust.WhyTakesNothing(H));
    }
}
