using ActorMigration.Simulator;
using Xunit.Abstractions;

namespace ActorMigration.Actors.Tests.Simulation;

/// <summary>
/// The hand-over as a whole, with the production machines: never two copies, never none without a lost host, only the register leaves the stopped state, and
/// every attempt ends. <c>tests/sim.sh</c> runs the same with any seed and any number of schedules.
/// </summary>
public sealed class HandOverSimulationSpec(ITestOutputHelper output)
{
    private const int Schedules = 20_000;
    private const int NaiveSchedules = 1_000;
    private const ulong Seed = 20261126;

    /// <summary>Schedules that are replayed from what was written down of them.</summary>
    private const int Replayed = 200;

    /// <summary>Steps that a schedule may still have when it has been shortened; the shortest way to any of these violations is far below.</summary>
    private const int MostShrunkSteps = 80;

    /// <summary>What must be seen in every run, whatever its seed: the steps on which the promise hangs, each also with a crash right before and right after.</summary>
    private static readonly string[] MustBeSeen =
    [
        "source JournalingFrozen Journaled", "source Freezing CallDone", "source CopyingFrozen FrozenCopied", "source Signing HandOverSigned", "source AwaitingVerdict VerdictLearned",
        "source AwaitingVerdict VerdictReached", "source AwaitingVerdict TimerFired", "source AwaitingVerdict Started", "source AwaitingVerdict CancelRequested",
        "source JournalingVerdict Journaled", "source JournalingVerdict Started", "source Thawing CallDone", "source Killing CallDone", "source AwaitingRunning Running",
        "source AwaitingRunning TreeLost", "source ClosingRegister VerdictLearned", "source JournalingFrozen JournalFailed",
        "destination AwaitingHandOver HandOver", "destination Restoring Gated", "destination JournalingPrepared Journaled", "destination LookingAtTree TreeLooked",
        "destination LookingAtTree Started", "destination JournalingProposed Journaled", "destination Deciding VerdictLearned", "destination Deciding Started",
        "destination Deciding VerdictReached", "destination JournalingVerdict Journaled", "destination JournalingVerdict Started", "destination OpeningGate CallDone",
        "destination KillingGated CallDone", "destination JournalingNever Journaled", "destination JournalingProposed JournalFailed",
        "voter Opened Prepare", "voter Promised Prepare", "voter Promised Accept Dest", "voter Promised Accept Source", "voter Accepted Prepare", "voter Accepted Accept Dest",
        "voter Accepted Learn", "voter Closed Prepare", "voter BelowFloor Begin", "voter OtherOpen Begin", "voter Idle Begin",
        "voter New AskMemory", "voter Waits AskMemory", "voter Idle AskMemory", "voter OtherOpen AskMemory", "voter New Prepare", "voter Waits Begin", "voter Unsettled Begin",
        "recovery Idle Begun", "recovery Reading CounterRead", "recovery CountingFirst Counted", "recovery Renewing Written", "recovery Asking Memory New",
        "recovery Asking Memory Waits", "recovery Asking Memory Votes", "recovery Asking Heard", "recovery NotingMemory Written", "recovery TakingOver Written",
        "recovery NotingAdmission Written", "recovery Counting Counted", "recovery Noting Written", "recovery CatchingUp Counted",
        "creator Deciding VerdictLearned", "creator Starting CallDone", "creator Opening RegisterAnswered",
        "voter Opened PrepareResolution", "voter Promised PrepareResolution", "voter Accepted PrepareResolution", "voter Barred Prepare", "voter Barred Accept Dest", "voter Barred Accept Source",
        "voter Barred PrepareResolution", "voter Barred ConsentToResolution", "voter Barred SpreadResolution", "voter Consented Prepare", "voter Consented PrepareResolution",
        "voter Consented SpreadResolution", "voter Idle AskResolutions", "errand PrepareResolution ResolutionPromised", "errand PrepareResolution Decided", "errand PrepareResolution Refused",
        "errand ConsentToResolution Consented", "errand ConsentToResolution ResolutionPromised", "errand SpreadResolution Done", "errand AskResolutions Resolutions",
        "proposer Accepting Accepted", "proposer Accepting Outbid", "proposer Preparing Promised", "proposer Preparing UnknownRegister",
    ];

    [Fact]
    public void Exactly_one_copy_runs_whatever_is_lost_doubled_late_or_crashes()
    {
        var result = new Campaign(Plan.Production, Seed, Schedules).Run();
        output.WriteLine($"{result.Schedules} schedules and {result.CrashSchedules} with a crash put into them, {result.Steps} steps, {result.Coverage.Names.Count()} cells");

        Assert.Empty(result.Findings.Select(f => $"{f.Violation}: tests/sim.sh --replay {Seed}:{f.Schedule}"));
        foreach (var name in MustBeSeen)
        {
            var cell = Cells.Find(name);
            Assert.True(cell >= 0, $"{name} is no cell");
            Assert.All(Enum.GetValues<CrashPoint>(), point => Assert.True(result.Coverage.Of(cell, point) > 0, $"{name}: never with crash {point}"));
        }
    }

    [Fact]
    public void A_run_is_the_same_on_any_number_of_cores()
    {
        var (one, other) = (new Campaign(Plan.Production, Seed, Replayed).Run(), new Campaign(Plan.Production, Seed, Replayed).Run());

        Assert.Equal(one.Steps, other.Steps);
        Assert.Equal(one.Coverage.ToMarkdown(), other.Coverage.ToMarkdown());
    }

    [Fact]
    public void A_schedule_is_replayed_step_by_step_from_what_was_written_down()
    {
        for (var schedule = 0; schedule < Replayed; schedule++)
        {
            var seed = Chance.SeedOf(Seed, schedule);
            var script = Script.Read(Schedule.Record(Plan.Production, seed).ToString());

            var (first, second) = (new List<string>(), new List<string>());
            var world = script.Replay(first.Add);
            script.Replay(second.Add);

            Assert.Equal(first, second);
            Assert.Equal(Schedule.Run(Plan.Production, seed).Steps, world.Steps);
        }
    }

    [Theory]
    [InlineData(nameof(Mutant.SourceThawsOnTimeout))]
    [InlineData(nameof(Mutant.GateOpensWithoutVerdict))]
    [InlineData(nameof(Mutant.SourceKilledAtHandOver))]
    [InlineData(nameof(Mutant.VoterForgets))]
    [InlineData(nameof(Mutant.FrozenNotJournaled))]
    [InlineData(nameof(Mutant.ProposesWithDeadTree))]
    [InlineData(nameof(Mutant.BallotNotJournaled))]
    [InlineData(nameof(Mutant.OrdinalNotChecked))]
    [InlineData(nameof(Mutant.DecidesBeforeGate))]
    [InlineData(nameof(Mutant.RolledBackVoterKeepsIncarnation))]
    [InlineData(nameof(Mutant.EmptyVoterVotesAtOnce))]
    [InlineData(nameof(Mutant.AdmissionAsksMinority))]
    [InlineData(nameof(Mutant.AdmissionTakesOwnerOnly))]
    [InlineData(nameof(Mutant.OldCopyIsTakenForNewest))]
    [InlineData(nameof(Mutant.AdmissionForgetsOpenRegisters))]
    [InlineData(nameof(Mutant.CrashedCountIsCountedOnce))]
    [InlineData(nameof(Mutant.AdmittedVotesInOldAttempts))]
    [InlineData(nameof(Mutant.ConsentNotKept))]
    [InlineData(nameof(Mutant.PromiseNotKept))]
    [InlineData(nameof(Mutant.ConsentNotAsked))]
    [InlineData(nameof(Mutant.GenerationNotCompared))]
    [InlineData(nameof(Mutant.ConsentsToBoth))]
    [InlineData(nameof(Mutant.SeatNotAsked))]
    [InlineData(nameof(Mutant.FencedRunsOn))]
    [InlineData(nameof(Mutant.LossNotLookedAt))]
    public void A_broken_rule_is_found_out(string mutant) => Find(new Plan(IsNaive: false, Enum.Parse<Mutant>(mutant)), Schedules);

    [Fact]
    public void The_double_run_of_a_protocol_of_acknowledgements_is_found_out()
        => Assert.Equal(ViolationKind.TwoCopies, Find(new Plan(IsNaive: true, Mutant.None), NaiveSchedules).Kind);

    /// <summary>The first violation, whose script has to be short and to end in the same violation.</summary>
    private Violation Find(Plan plan, int schedules)
    {
        var result = new Campaign(plan, Seed, schedules).Run();
        Assert.True(result.Findings.Count > 0, $"no schedule shows that {plan} is wrong");
        var finding = result.Findings[0];

        var script = Shrinker.Shrink(Schedule.Record(plan, Chance.SeedOf(Seed, finding.Schedule), finding.Trap));
        output.WriteLine($"schedule {finding.Schedule}: {finding.Violation}\n{script}");
        Assert.InRange(script.Lines.Count, 1, MostShrunkSteps);
        Assert.Equal(finding.Violation.Kind, Script.Read(script.ToString()).Replay().Violation?.Kind);
        return finding.Violation;
    }
}
