using System.Collections.Immutable;
using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>Asks all voters the same and waits for all that answer in time. Used before anything is begun or started, where a second costs nothing.</summary>
/// <param name="client">Reaches the voters.</param>
/// <param name="voters">All voters of this cluster.</param>
/// <param name="times">How long a reply may take.</param>
/// <param name="clock">Time.</param>
public sealed class VoterPoll(IVoterClient client, ImmutableArray<HostName> voters, VoterTimes times, TimeProvider clock)
{
    /// <summary>Which set of voters this is.</summary>
    public int SetNumber { get; init; } = VoterSet.First;

    /// <summary>The voters of the set before it.</summary>
    public ImmutableArray<HostName> Before { get; init; } = [];

    /// <summary>All voters of this cluster.</summary>
    public ImmutableArray<HostName> Voters => voters;

    /// <summary>What a majority that is configured with the same voters knows of a container, or null.</summary>
    public async Task<FloorReading?> ReadFloorAsync(ContainerName container)
    {
        var replies = await AskAllAsync(new VoterRequest.AskFloor(container)).ConfigureAwait(false);
        return FloorReading.Read(voters, replies.OfType<VoterReply.Floor>().Where(f => f.Container == container && f.Set == SetNumber));
    }

    /// <summary>Gives the name of a removed container back to all voters.</summary>
    public async Task<ReleaseHeard> ReleaseAsync(ContainerName container, long epoch)
    {
        var heard = (await AskAllAsync(new VoterRequest.Release(container, epoch)).ConfigureAwait(false)).OfType<VoterReply.Done>().Count();
        return new ReleaseHeard(heard >= VerdictCheck.Majority(voters.Length), heard == voters.Length);
    }

    /// <summary>Opens a register: None when a majority has it open, else why not.</summary>
    public async Task<(MigrationFailure Failure, string Sentence)> OpenAsync(Registration registration)
    {
        var replies = await AskAllAsync(new VoterRequest.Begin(registration)).ConfigureAwait(false);
        if (replies.OfType<VoterReply.Registered>().Count() >= VerdictCheck.Majority(voters.Length))
        {
            return (MigrationFailure.None, "");
        }

        return replies.OfType<VoterReply.BeginRefused>().FirstOrDefault() is { } refused
            ? (FailureOf(refused.Reason), $"voter {refused.Voter} refuses: {refused.Sentence}")
            : (MigrationFailure.NoMajority, "no majority of the voters answers, so nothing was begun");
    }

    /// <summary>
    /// Everything that one voter knows, or null: a part of it would be taken for less than it knows, and so would a part from before its own admission.
    /// </summary>
    public async Task<VoterReply.Memory?> MemoryOfAsync(HostName voter)
    {
        var floors = ImmutableArray.CreateBuilder<ContainerFloor>();
        VoterReply.Memory? first = null;
        for (ContainerName? after = null; ;)
        {
            using var deadline = new CancellationTokenSource(times.Reply, clock);
            if (await AskAsync(voter, new VoterRequest.AskMemory(after), deadline.Token).ConfigureAwait(false) is not VoterReply.Memory part || part.Voter != voter)
            {
                return null;
            }

            first ??= part;
            if (part.Incarnation != first.Incarnation || part.Standing != first.Standing)
            {
                return null;
            }

            floors.AddRange(part.Floors);
            if (!part.HasMore || part.Floors.Length == 0)
            {
                return part with { Floors = [.. floors], HasMore = false };
            }

            after = part.Floors[^1].Container;
        }
    }

    /// <summary>
    /// Who owns what as the voters know it, for people: null without a majority. Does not wait for more than that. What has been given away since is not in it, so nothing is
    /// decided by it.
    /// </summary>
    public async Task<ImmutableArray<ContainerFloor>?> OwnersAsync()
    {
        var heard = new List<VoterReply.Memory>();
        await foreach (var answer in Task.WhenEach(voters.Select(MemoryOfAsync)).ConfigureAwait(false))
        {
            if (await answer.ConfigureAwait(false) is { Standing: VoterStanding.Votes } memory)
            {
                heard.Add(memory);
            }

            if (heard.Count >= VerdictCheck.Majority(voters.Length))
            {
                return [.. heard.SelectMany(m => m.Floors).GroupBy(f => f.Container).Select(floors => floors.MaxBy(f => f.Lowest)!).Where(f => f.Owner is not null)];
            }
        }

        return null;
    }

    /// <summary>Asks all; the replies that came.</summary>
    public async Task<ImmutableArray<VoterReply>> AskAllAsync(VoterRequest request)
    {
        using var deadline = new CancellationTokenSource(times.Reply, clock);
        var replies = await Task.WhenAll(voters.Select(v => AskAsync(v, request, deadline.Token))).ConfigureAwait(false);
        return [.. replies.OfType<VoterReply>()];
    }

    private async Task<VoterReply?> AskAsync(HostName voter, VoterRequest request, CancellationToken cancel)
    {
        try
        {
            return await client.AskAsync(voter, request, cancel).ConfigureAwait(false);
        }
        catch (VoterUnreachableException)
        {
            // A voter that does not answer is simply not counted.
            return null;
        }
        catch (OperationCanceledException)
        {
            // Nor is one that answers too late.
            return null;
        }
    }

    private static MigrationFailure FailureOf(BeginRefusal reason) => reason switch
    {
        BeginRefusal.OtherAttemptOpen => MigrationFailure.AttemptInProgress,
        BeginRefusal.NotTheOwner or BeginRefusal.BelowFloor or BeginRefusal.ChainBroken => MigrationFailure.UnknownContainer,
        BeginRefusal.OtherIncarnation or BeginRefusal.BadVoters => MigrationFailure.NoMajority,
        _ => MigrationFailure.Internal,
    };
}

/// <summary>How the voters took it that a name was given back.</summary>
/// <param name="IsFree">A majority has it.</param>
/// <param name="ByAll">Every voter has it; the others have to be told again, as they let nobody have the name before.</param>
public readonly record struct ReleaseHeard(bool IsFree, bool ByAll);
