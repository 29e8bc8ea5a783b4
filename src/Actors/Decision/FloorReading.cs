using System.Collections.Immutable;
using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>
/// What a majority of voters says about a container before anything is begun or started. Pure: replies in, reading out. A closed fence is known to a majority, so
/// the highest floor among any majority is not below it.
/// </summary>
/// <param name="Next">Lowest fence that may be begun.</param>
/// <param name="Owner">Owner of its epoch; null when the name is free.</param>
/// <param name="Released">Set when the name is free and some voter has not heard that: who gave it back, and the epoch that it owned. Those voters let nobody have it before they are told again.</param>
/// <param name="Voters">All voters, with the incarnations of those that answered.</param>
public sealed record FloorReading(Fence Next, HostName? Owner, ReleasedName? Released, RegisteredVoter[] Voters)
{
    /// <summary>Null when the replies are of no majority.</summary>
    public static FloorReading? Read(ImmutableArray<HostName> voters, IEnumerable<VoterReply.Floor> replies)
    {
        var byVoter = replies.Where(r => voters.Contains(r.Voter)).DistinctBy(r => r.Voter).ToDictionary(r => r.Voter);
        if (byVoter.Count < VerdictCheck.Majority(voters.Length))
        {
            return null;
        }

        var highest = byVoter.Values.MaxBy(r => r.Lowest)!;
        return new FloorReading(
            highest.Lowest,
            highest.Owner,
            highest.Owner is null ? byVoter.Values.Where(r => r.Owner is not null).OrderByDescending(r => r.Lowest).Select(r => new ReleasedName(r.Owner!.Value, r.Lowest.Epoch)).FirstOrDefault() : null,
            [.. voters.Select(v => new RegisteredVoter(v, byVoter.TryGetValue(v, out var floor) ? floor.Incarnation : Guid.Empty))]);
    }
}

/// <summary>A name that its owner has given back to some of the voters.</summary>
/// <param name="By">The owner.</param>
/// <param name="Epoch">That it owned.</param>
public sealed record ReleasedName(HostName By, long Epoch);
