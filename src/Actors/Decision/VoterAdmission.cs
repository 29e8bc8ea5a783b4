using System.Collections.Immutable;
using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>What a voter without a memory does next.</summary>
public abstract record AdmissionStep
{
    private AdmissionStep()
    {
    }

    /// <summary>It may vote from now on.</summary>
    /// <param name="Founders">With whom it begins; empty when others knew more.</param>
    /// <param name="Containers">What it has to know before it says anything.</param>
    public sealed record Admit(ImmutableArray<RegisteredVoter> Founders, ImmutableArray<ContainerBallots> Containers) : AdmissionStep;

    /// <summary>It asks again later.</summary>
    /// <param name="Sentence">What it waits for, for the log and the operator.</param>
    public sealed record Wait(string Sentence) : AdmissionStep;
}

/// <summary>
/// How a voter without a memory comes to vote: an empty state directory may be a new one, or one that was lost together with promises and floors, and a voter cannot tell
/// which. Pure.
///
/// 1. Another voter began together with exactly this state directory: it was new then and has said nothing since, so it is a voter that has missed some messages.
/// 2. As many others as are a majority know something: whatever a majority with this voter had on disk, one of them has as well, because two majorities without this voter
///    still meet in one. It takes over the highest floors, and abstains in every register that is open there.
/// 3. All others answer, and none of them has ever voted: the cluster is new. All begin together.
///
/// Anything else is waited for: two voters of three that lost their disks stay silent, and the operator has to decide.
/// </summary>
public static class VoterAdmission
{
    /// <param name="self">This voter.</param>
    /// <param name="voters">All voters of the cluster, this one among them.</param>
    /// <param name="others">What the others know, whole, one answer each.</param>
    public static AdmissionStep Decide(RegisteredVoter self, ImmutableArray<HostName> voters, IEnumerable<VoterReply.Memory> others)
    {
        var answers = others.Where(o => o.Voter != self.Host && voters.Contains(o.Voter)).DistinctBy(o => o.Voter).ToArray();
        var admitted = answers.Where(a => a.IsAdmitted).ToArray();
        if (Array.Find(admitted, a => a.Founders.Contains(self)) is { } founder)
        {
            return new AdmissionStep.Admit([.. founder.Founders], []);
        }

        if (admitted.Length >= VerdictCheck.Majority(voters.Length))
        {
            return new AdmissionStep.Admit([], [.. admitted.SelectMany(a => a.Floors).GroupBy(f => f.Container).Select(Merge)]);
        }

        return admitted.Length == 0 && answers.Length == voters.Length - 1
            ? new AdmissionStep.Admit([self, .. answers.Select(a => new RegisteredVoter(a.Voter, a.Incarnation))], [])
            : new AdmissionStep.Wait(Sentence(self.Host, voters, answers));
    }

    private static ContainerBallots Merge(IGrouping<ContainerName, ContainerFloor> floors)
    {
        var highest = floors.MaxBy(f => f.Lowest)!;
        Fence? open = floors.Any(f => f.Open is not null) ? floors.Where(f => f.Open is not null).Max(f => f.Open!.Fence) : null;
        return ContainerBallots.Fresh(floors.Key) with { Lowest = highest.Lowest, Owner = highest.Owner, AbstainsUpTo = open };
    }

    private static string Sentence(HostName self, ImmutableArray<HostName> voters, VoterReply.Memory[] answers)
    {
        var silent = voters.Where(v => v != self && !Array.Exists(answers, a => a.Voter == v)).ToArray();
        var empty = answers.Where(a => !a.IsAdmitted).Select(a => a.Voter).ToArray();
        return $"voter {self} has an empty state directory and does not vote before it has asked enough others: "
            + string.Join("; ", new[] { Named("no answer from", silent), Named("without a memory themselves:", empty) }.Where(s => s.Length > 0));
    }

    private static string Named(string what, HostName[] hosts) => hosts.Length == 0 ? "" : $"{what} {string.Join(", ", hosts)}";
}
