using System.Collections.Immutable;
using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>
/// What a majority of voters says about a container before anything is begun or started. Pure: replies in, reading out. A closed fence is known to a majority, so
/// the highest floor among any majority is not below it.
/// </summary>
/// <param name="Next">Lowest fence that may be begun.</param>
/// <param name="Owner">Owner of its epoch; null when the name is free.</param>
/// <param name="Voters">All voters, with the incarnations of those that answered.</param>
public sealed record FloorReading(Fence Next, HostName? Owner, RegisteredVoter[] Voters)
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
            [.. voters.Select(v => new RegisteredVoter(v, byVoter.TryGetValue(v, out var floor) ? floor.Incarnation : Guid.Empty))]);
    }
}
