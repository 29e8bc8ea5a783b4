using ActorMigration.Contracts;

namespace ActorMigration.Actors.Tests.Decision;

/// <summary>Which set of voters may follow which.</summary>
public sealed class VoterSetChangeSpec
{
    private static VoterSet Of(int number, string hosts) => new(number, [.. hosts.Select(h => new HostName(h.ToString()))]);

    [Theory]
    [InlineData(1, "abc", 1, "cab", "Stays")]
    [InlineData(1, "abc", 2, "abc", "Stays")]
    [InlineData(1, "abc", 2, "abd", "Stays")]
    [InlineData(1, "abc", 2, "abcde", "Stays")]
    [InlineData(1, "abcde", 2, "abcdf", "Stays")]
    [InlineData(1, "abc", 1, "abd", "Refused")]
    [InlineData(2, "abc", 1, "abc", "Refused")]
    [InlineData(1, "abc", 2, "ade", "Refused")]
    [InlineData(1, "abcde", 2, "abc", "Refused")]
    [InlineData(1, "abc", 2, "abdef", "Refused")]
    [InlineData(1, "abc", 2, "abcdefg", "Refused")]
    [InlineData(1, "abc", 3, "abc", "Joins")]
    [InlineData(1, "abc", 3, "axy", "Joins")]
    public void A_set_follows_by_one_voter_exchanged_or_two_added(int number, string before, int nextNumber, string next, string expected)
        => Assert.Equal(expected, VoterSetChange.Decide(new HostName("a"), Of(number, before), Of(nextNumber, next)).GetType().Name);

    [Fact]
    public void Whoever_has_never_voted_comes_to_any_set()
        => Assert.IsType<VoterSetChange.Stays>(VoterSetChange.Decide(new HostName("a"), null, Of(7, "axy")));

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
        foreach (var next in Subsets(All).Where(s => s.Length % 2 == 1 && s.Length >= 3 && s.Contains('a', StringComparison.Ordinal)))
        {
            if (VoterSetChange.Decide(new HostName("a"), Of(1, old), Of(2, next)) is not VoterSetChange.Stays)
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
