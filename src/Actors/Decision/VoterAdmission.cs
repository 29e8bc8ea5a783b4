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
/// How a voter comes to vote that has no memory, or an old one (a copy that was put back): it may have promised anything since, and an empty state directory may be one
/// that was lost. Pure.
///
/// 1. Another voter began together with exactly this state directory: it was new then and has said nothing since, so it is a voter that has missed some messages.
/// 2. As many others as are a majority know something: whatever a majority with this voter had on disk, one of them has as well, because two majorities without this voter
///    still meet in one. It takes over the highest floors and which registers are open; those that were begun before do not name its incarnation.
/// 3. All have empty state directories, and all others say so: the cluster is new. All begin together.
///
/// Anything else is waited for: two voters of three that lost their disks stay silent, and the operator has to decide.
/// </summary>
public static class VoterAdmission
{
    /// <param name="self">This voter.</param>
    /// <param name="hasVoted">True for one with an old memory.</param>
    /// <param name="set">All voters of the cluster, this one among them. What others say counts when they are configured with the same ones.</param>
    /// <param name="others">What the others know, whole, one answer each.</param>
    public static AdmissionStep Decide(RegisteredVoter self, bool hasVoted, VoterSet set, IEnumerable<VoterReply.Memory> others)
    {
        ImmutableArray<HostName> voters = [.. set.Hosts];
        var heard = others.Where(o => o.Voter != self.Host && voters.Contains(o.Voter)).DistinctBy(o => o.Voter).ToArray();
        var answers = Array.FindAll(heard, o => o.Set.IsSame(set));
        var admitted = answers.Where(a => a.Standing == VoterStanding.Votes).ToArray();
        // Founders have missed some messages of the first set, and whole sets when there were others since.
        if (set.Number == VoterSet.First && Array.Find(admitted, a => a.Founders.Contains(self)) is { } founder)
        {
            return new AdmissionStep.Admit([.. founder.Founders], []);
        }

        if (admitted.Length >= VerdictCheck.Majority(voters.Length))
        {
            ImmutableArray<ContainerBallots> known = [.. admitted.SelectMany(a => a.Floors).GroupBy(f => f.Container).Select(Merge)];
            return known.FirstOrDefault(c => c.Unsettled.Length > VoterFrames.MaxUnsettled) is { } most
                ? new AdmissionStep.Wait($"voter {self.Host} has no memory or an old one, and cannot take the others' over: more than {VoterFrames.MaxUnsettled} attempts of {most.Container} have not ended")
                : new AdmissionStep.Admit([], known);
        }

        return set.Number == VoterSet.First && !hasVoted && answers.Length == voters.Length - 1 && Array.TrueForAll(answers, a => a.Standing == VoterStanding.New)
            ? new AdmissionStep.Admit([self, .. answers.Select(a => new RegisteredVoter(a.Voter, a.Incarnation))], [])
            : new AdmissionStep.Wait(Sentence(self.Host, voters, answers, [.. heard.Except(answers).Select(o => o.Voter)]));
    }

    /// <summary>What a voter tells one that has lost its memory.</summary>
    public static ContainerFloor WhatIsTold(ContainerBallots known) => new(known.Container, known.Lowest, known.Owner, [.. known.Undecided]);

    /// <summary>What a voter writes before it may speak: all that it knew and all that it was told.</summary>
    /// <param name="own">Its old memory.</param>
    /// <param name="told">What others told it.</param>
    public static ImmutableArray<VoterRecord> TakenOver(ImmutableArray<ContainerBallots> own, ImmutableArray<ContainerBallots> told)
        => [.. own.Concat(told).Select(c => c.Container).Distinct()
            .Select(name => new VoterRecord.Snapshot(Combine(own.FirstOrDefault(c => c.Container == name), told.FirstOrDefault(c => c.Container == name))))];

    /// <summary>
    /// What a voter knows of a container after its admission: the higher floor, and what is open at others, in which it abstains. What was open in its old memory it forgets:
    /// where that matters one of the others has it too.
    /// </summary>
    /// <param name="own">Its old memory of one container, or null.</param>
    /// <param name="told">What others told it, or null.</param>
    public static ContainerBallots Combine(ContainerBallots? own, ContainerBallots? told)
    {
        var known = own ?? told ?? throw new ArgumentNullException(nameof(own));
        var higher = told is not null && told.Lowest > known.Lowest ? told : known;
        return known with
        {
            Lowest = higher.Lowest,
            Owner = higher.Owner,
            Open = null,
            Unsettled = told is null ? [] : told.Unsettled.RemoveAll(u => u.Fence < higher.Lowest),
        };
    }

    private static ContainerBallots Merge(IGrouping<ContainerName, ContainerFloor> floors)
    {
        var highest = floors.MaxBy(f => f.Lowest)!;
        return ContainerBallots.Fresh(floors.Key) with
        {
            Lowest = highest.Lowest,
            Owner = highest.Owner,
            Unsettled = [.. floors.SelectMany(f => f.Unsettled).Where(u => u.Fence >= highest.Lowest).Distinct()],
        };
    }

    private static string Sentence(HostName self, ImmutableArray<HostName> voters, VoterReply.Memory[] answers, HostName[] others)
    {
        var silent = voters.Where(v => v != self && !others.Contains(v) && !Array.Exists(answers, a => a.Voter == v)).ToArray();
        var empty = answers.Where(a => a.Standing != VoterStanding.Votes).Select(a => a.Voter).ToArray();
        return $"voter {self} has no memory or an old one, and does not vote before enough others have told it theirs: "
            + string.Join("; ", new[] { Named("no answer from", silent), Named("do not vote themselves:", empty), Named("have another amig.voters or amig.voter.set:", others) }.Where(s => s.Length > 0));
    }

    private static string Named(string what, HostName[] hosts) => hosts.Length == 0 ? "" : $"{what} {string.Join(", ", hosts)}";
}
