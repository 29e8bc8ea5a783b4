using System.Collections.Immutable;
using ActorMigration.Actors;
using ActorMigration.Contracts;

namespace ActorMigration.Simulator;

/// <summary>What a creator wants done beyond what the sides of a migration do.</summary>
internal abstract record CreatorAction : AttemptAction
{
    /// <summary>Give the name up.</summary>
    public sealed record Withdraw(RegisterId Register) : CreatorAction;

    /// <summary>Give the name back.</summary>
    public sealed record Release(long Epoch) : CreatorAction;

    /// <summary>Start the container.</summary>
    public sealed record Run : CreatorAction;
}

/// <summary>Where a creator stands.</summary>
internal enum CreatorState
{
    ReadingFloor,
    JournalingBegun,
    Opening,
    JournalingProposed,
    Deciding,
    JournalingVerdict,
    Starting,
    JournalingEnded,
    Ended,
}

/// <summary>
/// The first start of a name on a host, step by step as the production <see cref="CreationActor"/> does it (its decisions are between its waits, so that it cannot be driven from
/// here): read the floor, journal BEGIN, open the register, journal PROPOSED, propose DEST with the production proposer, start with the certificate only.
/// </summary>
internal sealed class Creator(AttemptId attempt, HostName self) : ISide
{
    private readonly OpenAttempt? _open;
    private CreatorState _state;
    private VerdictCertificate? _certificate;

    /// <summary>After a restart of the daemon.</summary>
    public Creator(OpenAttempt open, HostName self, bool isRunning)
        : this(open.Id, self)
    {
        _open = open;
        Registration = open.Begun.Registration;
        IsRunning = isRunning;
    }

    public AttemptRole Role => AttemptRole.Creator;

    public int State => (int)_state;

    public string StateName => _state.ToString();

    public Fence Fence => Registration?.Register.Fence ?? default;

    public HostName Other => self;

    public Registration? Registration { get; private set; }

    private bool IsRunning { get; }

    public ImmutableArray<AttemptAction> Step(AttemptEvent happened, DateTimeOffset now)
    {
        switch (_state, happened)
        {
            case (CreatorState.ReadingFloor, AttemptEvent.Started):
                return Begin();
            case (CreatorState.ReadingFloor, AttemptEvent.FloorRead { Reading: { Owner: null } floor }):
                var register = new RegisterId(World.Container, floor.Next, attempt);
                return Go(CreatorState.JournalingBegun, new AttemptAction.JournalBegun(AttemptRole.Creator, new Registration(register, RegisterKind.Creation, self, self, floor.Voters, [], [], [])));
            case (CreatorState.ReadingFloor, AttemptEvent.FloorRead):
                return Go(CreatorState.Ended, new AttemptAction.End());
            case (CreatorState.JournalingBegun, AttemptEvent.Journaled { Entry: JournalEntry.Begun begun }):
                Registration = begun.Registration;
                return Go(CreatorState.Opening, new AttemptAction.OpenRegister(begun.Registration));
            case (CreatorState.Opening, AttemptEvent.RegisterAnswered { Failure: MigrationFailure.None }):
                return Go(CreatorState.JournalingProposed, new AttemptAction.Journal(new JournalEntry.Proposed(attempt, Verdict.Dest)));
            case (CreatorState.Opening, AttemptEvent.RegisterAnswered):
                return GiveUp();
            case (CreatorState.JournalingProposed, AttemptEvent.Journaled):
                return Go(CreatorState.Deciding, new AttemptAction.Propose(Verdict.Dest, null));
            case (CreatorState.Deciding, AttemptEvent.VerdictLearned learned):
                _certificate = learned.Certificate;
                return Go(CreatorState.JournalingVerdict, new AttemptAction.Journal(new JournalEntry.VerdictLearned(attempt, learned.Certificate)));
            case (CreatorState.JournalingVerdict, AttemptEvent.Journaled):
                return [.. Go(CreatorState.Starting, new AttemptAction.Acknowledge(_certificate!)), .. RunOrRelease()];
            case (CreatorState.Starting, AttemptEvent.CallDone):
                return Go(CreatorState.JournalingEnded, new AttemptAction.JournalEnded());
            case (CreatorState.Starting, AttemptEvent.CallFailed):
                return Release();
            case (CreatorState.JournalingEnded, AttemptEvent.Journaled { Entry: JournalEntry.Ended }):
                return Go(CreatorState.Ended, new AttemptAction.End());
            case (not CreatorState.Ended, AttemptEvent.JournalFailed):
                // As the actor: it stops, and what it left is finished at the daemon's next start.
                return Go(CreatorState.Ended, new AttemptAction.End());
            default:
                return [];
        }
    }

    public AttemptDetails Details()
        => new(attempt, World.Container, Fence, self, self, self, Phase.Teardown, "Creation", AttemptOutcome.Committed, MigrationFailure.None, "", 0, [], [], 0, 0, [], 0, 0, 0, null);

    private ImmutableArray<AttemptAction> Begin()
    {
        if (_open is null)
        {
            return [new AttemptAction.ReadFloor()];
        }

        if (_open.Certificate is { } certificate)
        {
            _certificate = certificate;
            return Go(CreatorState.JournalingVerdict, new AttemptAction.Journal(new JournalEntry.VerdictLearned(attempt, certificate)));
        }

        return _open.Proposed is null ? GiveUp() : Go(CreatorState.Deciding, new AttemptAction.Propose(Verdict.Dest, null));
    }

    private ImmutableArray<AttemptAction> RunOrRelease()
        => _open is null ? [new CreatorAction.Run()] : IsRunning ? Go(CreatorState.JournalingEnded, new AttemptAction.JournalEnded()) : Release();

    private ImmutableArray<AttemptAction> GiveUp()
        => [new CreatorAction.Withdraw(Registration!.Register), .. Go(CreatorState.JournalingEnded, new AttemptAction.JournalEnded())];

    private ImmutableArray<AttemptAction> Release()
        => [new CreatorAction.Release(Fence.Epoch + 1), .. Go(CreatorState.JournalingEnded, new AttemptAction.JournalEnded())];

    private ImmutableArray<AttemptAction> Go(CreatorState state, AttemptAction action)
    {
        _state = state;
        return [action];
    }
}
