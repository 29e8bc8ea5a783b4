using System.Collections.Immutable;
using ActorMigration.Contracts;

namespace ActorMigration.Actors.Tests.Decision;

/// <summary>Which set of voters may follow which.</summary>
public sealed class VoterSetChangeSpec
{
    private static VoterSet Of(int number, string hosts) => new(number, [.. hosts.Select(h => new HostName(h.ToString()))]);

    private static ImmutableArray<HostName> Names(string hosts) => [.. Of(1, hosts).Hosts];

    [Theory]
    [InlineData("abc", "abc", true)]
    [InlineData("abc", "abd", true)]
    [InlineData("abc", "abcde", true)]
    [InlineData("abcde", "abcdf", true)]
    [InlineData("abc", "ade", false)]
    [InlineData("abcde", "abc", false)]
    [InlineData("abc", "abdef", false)]
    [InlineData("abc", "abcdefg", false)]
    [InlineData("", "abc", false)]
    public void A_set_follows_by_one_voter_exchanged_or_two_added(string before, string next, bool follows)
        => Assert.Equal(follows, VoterSetChange.WhyNotFollow(Names(before), Of(2, next)) is null);

    [Fact]
    public void The_first_set_follows_none()
    {
        Assert.Null(VoterSetChange.WhyNotFollow([], Of(1, "abc")));
        Assert.NotNull(VoterSetChange.WhyNotFollow(Names("abc"), Of(1, "abd")));
    }

    [Theory]
    [InlineData(1, "abc", 1, "cab", "", "Stays")]
    [InlineData(1, "abc", 2, "abd", "cab", "Stays")]
    [InlineData(1, "abc", 1, "abd", "", "Refused")]
    [InlineData(2, "abc", 1, "abc", "", "Refused")]
    [InlineData(1, "abc", 2, "abd", "abx", "Joins")]
    [InlineData(1, "abc", 3, "abc", "abd", "Joins")]
    public void A_voter_stays_when_it_has_voted_with_the_set_before(int number, string voted, int nextNumber, string next, string before, string expected)
        => Assert.Equal(expected, VoterSetChange.Decide(new HostName("a"), Of(number, voted), Of(nextNumber, next), Names(before)).GetType().Name);

    [Fact]
    public void Whoever_has_never_voted_or_voted_before_sets_were_written_down_comes_to_a_late_set_as_one_that_was_away()
    {
        Assert.IsType<VoterSetChange.Stays>(VoterSetChange.Decide(new HostName("a"), null, Of(1, "axy"), []));
        Assert.IsType<VoterSetChange.Joins>(VoterSetChange.Decide(new HostName("a"), null, Of(3, "axy"), Names("axz")));
    }

    /// <summary>
    /// All sets of up to seven voters: a majority of the new one of voters that stayed meets every majority of the old one, and so does whatever a new voter was told by, so that nothing that the old set
    /// has decided is unknown to a majority of the new one.
    /// </summary>
    [Theory]
    [InlineData("abc")]
    [InlineData("abcde")]
    public void Of_any_majority_of_the_old_set_a_majority_of_the_new_one_knows_all(string old)
    {
        const string All = "abcdefg";
        foreach (var next in Subsets(All).Where(s => s.Length % 2 == 1 && s.Length >= 3))
        {
            if (VoterSetChange.WhyNotFollow(Names(old), Of(2, next)) is not null)
            {
                continue;
            }

            var stayed = new string([.. next.Intersect(old)]);
            var majority = (next.Length / 2) + 1;
            Assert.True(stayed.Length >= majority, $"{old} to {next}: nobody could admit the new voters");
            foreach (var decided in Subsets(old).Where(s => s.Length > old.Length / 2))
            {
                Assert.All(Subsets(stayed).Where(s => s.Length >= majority), heard => Assert.NotEmpty(heard.Intersect(decided)));
            }
        }
    }

    private static IEnumerable<string> Subsets(string of)
        => Enumerable.Range(0, 1 << of.Length).Select(bits => new string([.. of.Where((_, i) => (bits & (1 << i)) != 0)]));
}
