using System.Collections.Immutable;
using ActorMigration.Contracts;
using ActorMigration.Contracts.Trust;

namespace ActorMigration.Actors.Trust;

/// <summary>What the voters' words come to: a host is what a majority of all voters makes of it, whoever of them is away. So no single host, and no single wrong policy file, has a host distrusted or trusted again. Pure.</summary>
public sealed record TrustBoard
{
    private readonly ImmutableArray<HostName> _voters;
    private readonly ImmutableDictionary<HostName, TrustWord> _words;
    private readonly ImmutableDictionary<HostName, Tally> _tallies;

    public TrustBoard(ImmutableArray<HostName> voters)
        : this(voters, ImmutableDictionary<HostName, TrustWord>.Empty)
    {
    }

    private TrustBoard(ImmutableArray<HostName> voters, ImmutableDictionary<HostName, TrustWord> words)
    {
        (_voters, _words) = (voters, words);
        var tallies = ImmutableDictionary.CreateBuilder<HostName, Tally>();
        foreach (var (host, trust) in words.Values.SelectMany(Said))
        {
            tallies[host] = tallies.GetValueOrDefault(host).And(trust);
        }

        _tallies = tallies.ToImmutable();
        var judged = _tallies.Keys.Select(Of).Where(t => t != HostTrust.Unknown).ToArray();
        IsLandslide = judged.Count(t => t == HostTrust.Rejected) * 2 > judged.Length;
    }

    /// <summary>All hosts that a voter has judged or is about to.</summary>
    public IEnumerable<HostName> Hosts => _tallies.Keys.OrderBy(h => h.Value, StringComparer.Ordinal);

    private int Majority => VerdictCheck.Majority(_voters.Length);

    /// <summary>The board with a voter's word on it; the same board when the word is not of a voter, or not newer than the one that is there. Its signature has been checked.</summary>
    /// <param name="word">The word.</param>
    /// <param name="latestUnixMs">A word that is there and is of later than this was taken while this host's clock was wrong, and gives way to any.</param>
    public TrustBoard With(TrustWord word, long latestUnixMs)
        => _voters.Contains(word.By) && (!_words.TryGetValue(word.By, out var before) || before.AtUnixMs < word.AtUnixMs || before.AtUnixMs > latestUnixMs) ? new TrustBoard(_voters, _words.SetItem(word.By, word)) : this;

    /// <summary>
    /// More than half of the members that a majority has judged are rejected: it is likelier that the policy is wrong than that they all are. Nothing is stopped or moved for that. Members as the voters see them: a daemon that has just started sees hardly any.
    /// </summary>
    public bool IsLandslide { get; }

    /// <summary>What a majority makes of a host.</summary>
    public HostTrust Of(HostName host)
    {
        var tally = _tallies.GetValueOrDefault(host);
        return _voters.Length == 0 ? HostTrust.Unknown
            : tally.Rejected >= Majority ? HostTrust.Rejected
            : tally.Rejected + tally.Unproved >= Majority ? HostTrust.Unproved
            : tally.Proved >= Majority ? HostTrust.Proved
            : HostTrust.Unknown;
    }

    /// <summary>Who says what against a host, for people; empty when nobody says anything. Also for one that a minority rejects.</summary>
    public string Against(HostName host)
    {
        var against = _words.Values
            .SelectMany(w => w.Others.Where(o => o.Host == host && o.Trust is HostTrust.Rejected or HostTrust.Unproved).Select(o => (w.By, Said: o)))
            .OrderByDescending(one => one.Said.Trust).ThenBy(one => one.By.Value, StringComparer.Ordinal).ToArray();
        return against.Length == 0 ? "" : $"{Printable.Of(against[0].Said.Sentence)} (so say {against.Length} of {_voters.Length} voters: {string.Join(", ", against.Select(one => one.By.Value))})";
    }

    /// <summary>A voter counts once for each host, however its word came about.</summary>
    private static IEnumerable<(HostName Host, HostTrust Trust)> Said(TrustWord word)
        => word.Others.Select(o => (o.Host, o.Trust)).Concat(word.Proved.Select(h => (Host: h, Trust: HostTrust.Proved))).DistinctBy(said => said.Host);

    /// <summary>How many voters say what of one host.</summary>
    private readonly record struct Tally(int Proved, int Unproved, int Rejected)
    {
        internal Tally And(HostTrust trust) => trust switch
        {
            HostTrust.Proved => this with { Proved = Proved + 1 },
            HostTrust.Unproved => this with { Unproved = Unproved + 1 },
            HostTrust.Rejected => this with { Rejected = Rejected + 1 },
            _ => this,
        };
    }
}
