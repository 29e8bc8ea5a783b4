using ActorMigration.Actors.Trust;
using ActorMigration.Contracts;
using ActorMigration.Contracts.Trust;

namespace ActorMigration.Actors.Tests.Trust;

/// <summary>Words of voters, as they would have come.</summary>
internal static class Words
{
    private static long _at;

    /// <summary>A word of a voter about some hosts, newer than all before it.</summary>
    internal static TrustWord Of(string voter, params (string Host, HostTrust Trust)[] said) => new(
        new HostName(voter), Interlocked.Increment(ref _at),
        [.. said.Where(s => s.Trust == HostTrust.Proved).Select(s => new HostName(s.Host))],
        [.. said.Where(s => s.Trust != HostTrust.Proved).Select(s => new HostJudgement(new HostName(s.Host), s.Trust, 1, $"{s.Host} is {s.Trust}"))], []);

    /// <summary>Two voters of a, b and c (or others) have said so of one host for long, and that the other hosts have proved themselves.</summary>
    internal static void Say(this ClusterTrust trust, string host, HostTrust said, params string[] proved)
    {
        var board = trust.Board;
        foreach (var voter in (string[])["a", "b"])
        {
            board = board.With(Of(voter, [(host, said), .. proved.Select(p => (p, HostTrust.Proved))]), long.MaxValue);
        }

        trust.Put(board, said == HostTrust.Rejected ? [new HostName(host)] : [], isLasting: true);
    }
}
