using System.Net;
using ActorMigration.Actors;
using ActorMigration.Actors.Trust;
using ActorMigration.Contracts;
using ActorMigration.Host.Trust.Tpm;

namespace ActorMigration.Host.Node;

/// <summary>
/// Everything that can be configured about a daemon, read once at start from the <c>amig</c> section by
/// <see cref="NodeSettingsReader"/>. Each property is one key of hocon/30-amig.conf, which has its meaning and unit.
/// </summary>
public sealed record NodeSettings
{
    public required HostName Host { get; init; }

    public required IPAddress Address { get; init; }

    public required string StateDirectory { get; init; }

    public required string RunDirectory { get; init; }

    public required string ApiSocket { get; init; }

    public required int RemotePort { get; init; }

    public required int DataPort { get; init; }

    public required int VoterPort { get; init; }

    public required IReadOnlyList<NamedEndpoint> Seeds { get; init; }

    public required IReadOnlyList<NamedEndpoint> Voters { get; init; }

    /// <summary>Which set of voters this is: every change of them has the next number.</summary>
    public required int VoterSet { get; init; }

    /// <summary>The voters of the set before it; empty for the first set.</summary>
    public required IReadOnlyList<HostName> VotersBefore { get; init; }

    /// <summary>It forms a cluster by itself when no other host is a member of one, and there may be others.</summary>
    public bool IsFirstSeed => Seeds.Count > 1 && Seeds[0].Host == Host;

    /// <summary>For a start while others are members of a cluster: only the first of the seeds may form one, so this host is not the first.</summary>
    public NodeSettings JoiningOnly() => this with { Seeds = [.. Seeds.Where(seed => seed.Host != Host), .. Seeds.Where(seed => seed.Host == Host)] };

    public required string Bridge { get; init; }

    public required string Uplink { get; init; }

    public required TpmAddress Tpm { get; init; }

    public required TpmSettings TpmLimits { get; init; }

    /// <summary>False: memory is copied under the freeze even where the kernel could tell which pages are written.</summary>
    public required bool Tracking { get; init; }

    public required string Criu { get; init; }

    public required string Runc { get; init; }

    public required string CgroupPrefix { get; init; }

    public required long MemoryReserve { get; init; }

    public required long DiskReserve { get; init; }

    public required TimeSpan StopGrace { get; init; }

    public required TimeSpan ApiDeadline { get; init; }

    public required MigrationSettings Migration { get; init; }

    public required AttemptTimes AttemptTimes { get; init; }

    /// <summary>Keys of <c>amig.trust</c>.</summary>
    public required TrustSettings Trust { get; init; }

    public required VoterTimes VoterTimes { get; init; }

    public required BalanceSettings Balance { get; init; }

    /// <summary>Keys of <c>amig.load</c>, and <c>amig.labels</c>.</summary>
    public required LoadSettings Load { get; init; }

    /// <summary>Null when steps of attempts cannot be held.</summary>
    public required string? HoldDirectory { get; init; }
}

/// <summary>Keys of <c>amig.migration</c>: what a plain <c>amig migrate</c> aims at.</summary>
public sealed record MigrationSettings
{
    public required TimeSpan TargetDowntime { get; init; }

    public required int MaxRounds { get; init; }

    public required TimeSpan EvidenceMaxAge { get; init; }

    public required TimeSpan StopDeadline { get; init; }

    /// <summary>True: every attempt compares all memory at the gate.</summary>
    public required bool VerifyMemory { get; init; }

    /// <summary>The policy of one attempt.</summary>
    /// <param name="targetDowntimeMs">Given by the operator; 0 takes <see cref="TargetDowntime"/>.</param>
    /// <param name="force">Freeze even if pre-copy does not converge.</param>
    /// <param name="verify">Compare all memory at the gate, whatever <see cref="VerifyMemory"/> says.</param>
    public MigrationPolicy Policy(int targetDowntimeMs, bool force, bool verify) => new(
        targetDowntimeMs > 0 ? targetDowntimeMs : (int)TargetDowntime.TotalMilliseconds,
        MaxRounds,
        force,
        (int)EvidenceMaxAge.TotalMilliseconds,
        (int)StopDeadline.TotalMilliseconds,
        verify || VerifyMemory);
}

/// <summary>Keys of <c>amig.balance</c>.</summary>
/// <param name="Policy">When and how much is moved.</param>
/// <param name="Interval">Between two looks at all hosts.</param>
public sealed record BalanceSettings(BalancePolicy Policy, TimeSpan Interval);

/// <summary>A host and where one of its listeners is: an entry of <c>amig.seeds</c> or <c>amig.voters</c>.</summary>
public sealed record NamedEndpoint(HostName Host, IPEndPoint EndPoint)
{
    /// <summary>Reads NAME, <paramref name="separator"/>, ADDRESS:PORT.</summary>
    public static bool TryParse(string text, char separator, out NamedEndpoint? endpoint)
    {
        endpoint = null;
        var at = text.IndexOf(separator);
        if (at < 1 || !HostName.IsValid(text[..at]) || !IPEndPoint.TryParse(text[(at + 1)..], out var where) || where.Port == 0)
        {
            return false;
        }

        endpoint = new NamedEndpoint(new HostName(text[..at]), where);
        return true;
    }
}
