using System.Collections.Immutable;
using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>What is waited for.</summary>
public enum RecoveryState
{
    /// <summary>Nothing was done yet, or all is done.</summary>
    Idle,

    /// <summary>The TPM says where its counter stands.</summary>
    Reading,

    /// <summary>The TPM counts for the first time: from then on what it will stand at next is known before it does.</summary>
    CountingFirst,

    /// <summary>Another incarnation is on the way to the disk.</summary>
    Renewing,

    /// <summary>The TPM counts what was noted before a crash.</summary>
    CatchingUp,

    /// <summary>The next count is on the way to the disk.</summary>
    Noting,

    /// <summary>The TPM counts what was noted.</summary>
    Counting,

    /// <summary>Somebody else has counted too: what the counter stands at is on the way to the disk.</summary>
    Correcting,

    /// <summary>The others are asked.</summary>
    Asking,

    /// <summary>The others are asked by a voter that was away over a change of the voters: it gives its old incarnation up when they would admit another one, not before.</summary>
    AskingAnew,

    /// <summary>Enough was heard; that the state directory is no new one any more is on the way to the disk.</summary>
    NotingMemory,

    /// <summary>What was heard is on the way to the disk.</summary>
    TakingOver,

    /// <summary>The right to speak is on the way to the disk.</summary>
    NotingAdmission,
}

/// <summary>
/// How a voter comes to vote after its daemon's start, and how it counts on while it votes. Pure; <see cref="VoterRecovery"/> does what it says, step by step, and a daemon
/// may crash between any two of them.
///
/// The disk has the next count before the TPM counts, also with an admission: a crash between the two leaves the counter one below what is written, which is as good and needs
/// nobody else. Such a voter first lets the TPM catch up and then counts once more, so that what was written before the crash is no longer the newest.
/// </summary>
/// <param name="Self">This host.</param>
/// <param name="Configured">All voters of the cluster.</param>
/// <param name="NewIncarnation">Draws a name that no voter has had.</param>
/// <param name="Votes">True for a voter that votes already and only counts on.</param>
public sealed record RecoveryMachine(HostName Self, VoterSet Configured, Func<Guid> NewIncarnation, bool Votes)
{
    /// <summary>The voters of the set before, as they are configured; empty for the first set.</summary>
    public ImmutableArray<HostName> Before { get; init; } = [];

    public RecoveryState State { get; private init; } = RecoveryState.Idle;

    private AdmissionStep.Admit? Granted { get; init; }

    /// <param name="disk">What the state directory says of itself now.</param>
    /// <param name="happened">What has happened.</param>
    public (RecoveryMachine Next, RecoveryAction Action) Step(VoterMembership disk, RecoveryEvent happened) => (State, happened) switch
    {
        (_, RecoveryEvent.Begun) when Change(disk) is VoterSetChange.Refused refused => (this with { State = RecoveryState.Idle }, new RecoveryAction.Wait(refused.Sentence)),
        (_, RecoveryEvent.Begun) => Go(RecoveryState.Reading, new RecoveryAction.ReadCounter()),
        (RecoveryState.Reading, RecoveryEvent.CounterRead { Value: null }) => Go(RecoveryState.CountingFirst, new RecoveryAction.Increment()),
        (RecoveryState.Reading, RecoveryEvent.CounterRead { Value: { } now }) => OnCounter(disk, now),
        (RecoveryState.CountingFirst or RecoveryState.CatchingUp, RecoveryEvent.Counted counted) => OnCounter(disk, counted.Value),
        (RecoveryState.Renewing, RecoveryEvent.Written) => Ask(),
        (RecoveryState.Noting, RecoveryEvent.Written) => Go(RecoveryState.Counting, new RecoveryAction.Increment()),
        (RecoveryState.Counting, RecoveryEvent.Counted counted) when counted.Value == disk.Counter => Vote(),
        (RecoveryState.Counting, RecoveryEvent.Counted counted) => Go(RecoveryState.Correcting, new RecoveryAction.Note(disk.Corrected(counted.Value))),
        (RecoveryState.Correcting, RecoveryEvent.Written) => Vote(),
        (RecoveryState.AskingAnew, RecoveryEvent.Heard heard) => Decide(disk, heard.Others) is AdmissionStep.Wait wait
            ? (this with { State = RecoveryState.Idle }, new RecoveryAction.Wait(wait.Sentence))
            : Go(RecoveryState.Renewing, new RecoveryAction.Note(disk.Renewed(NewIncarnation(), disk.Counter!.Value))),
        (RecoveryState.Asking, RecoveryEvent.Heard heard) => OnHeard(disk, heard.Others),
        (RecoveryState.NotingMemory, RecoveryEvent.Written) => Go(RecoveryState.TakingOver, new RecoveryAction.TakeOver(Granted!.Containers)),
        (RecoveryState.TakingOver, RecoveryEvent.Written)
            => Go(RecoveryState.NotingAdmission, new RecoveryAction.Note(disk.Admitted(Granted!.Founders, disk.Counter!.Value + 1, Configured))),
        (RecoveryState.NotingAdmission, RecoveryEvent.Written) => Go(RecoveryState.Counting, new RecoveryAction.Increment()),
        _ => throw new InvalidOperationException($"{happened.GetType().Name} does not happen in {State}"),
    };

    private (RecoveryMachine, RecoveryAction) Go(RecoveryState state, RecoveryAction action) => (this with { State = state }, action);

    private VoterSetChange Change(VoterMembership disk) => VoterSetChange.Decide(Self, disk.Set, Configured, Before);

    private AdmissionStep Decide(VoterMembership disk, ImmutableArray<VoterReply.Memory> others)
        => VoterAdmission.Decide(new RegisteredVoter(Self, disk.Incarnation), disk.HasVoted, Configured, others);

    private (RecoveryMachine, RecoveryAction) Ask() => Go(RecoveryState.Asking, new RecoveryAction.AskOthers());

    private (RecoveryMachine, RecoveryAction) Vote() => (this with { State = RecoveryState.Idle, Votes = true }, new RecoveryAction.Vote());

    private (RecoveryMachine, RecoveryAction) OnCounter(VoterMembership disk, ulong now)
    {
        return disk.IsAdmitted && disk.Counter == now + 1 ? Go(RecoveryState.CatchingUp, new RecoveryAction.Increment())
            : disk.IsAdmitted && disk.Counter == now && Change(disk) is VoterSetChange.Joins ? Go(RecoveryState.AskingAnew, new RecoveryAction.AskOthers())
            : Votes || (disk.IsAdmitted && disk.Counter == now) ? Go(RecoveryState.Noting, new RecoveryAction.Note(disk.Counted(now + 1, Configured)))
            : disk.Counter == now ? Ask()

            // Also before the first count: an admission counts, so that a copy of this incarnation from before it would not be taken for it.
            : Go(RecoveryState.Renewing, new RecoveryAction.Note(disk.Renewed(NewIncarnation(), now)));
    }

    private (RecoveryMachine, RecoveryAction) OnHeard(VoterMembership disk, ImmutableArray<VoterReply.Memory> others)
        => Decide(disk, others) switch
        {
            AdmissionStep.Admit { Containers.IsEmpty: true } admit => (this with { Granted = admit }).Go(RecoveryState.TakingOver, new RecoveryAction.TakeOver([])),
            AdmissionStep.Admit admit => (this with { Granted = admit }).Go(RecoveryState.NotingMemory, new RecoveryAction.Note(disk.Told())),
            AdmissionStep.Wait wait => (this with { State = RecoveryState.Idle }, new RecoveryAction.Wait(wait.Sentence)),
            _ => throw new InvalidOperationException("an admission is granted or waited for"),
        };
}
