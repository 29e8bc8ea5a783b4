using ActorMigration.Contracts;
using Akka.Actor;
using Akka.Event;

namespace ActorMigration.Actors;

/// <summary>
/// First start of one name on this host. The name is taken through the same write-once register as every hand-over, so that two hosts that run the same name at the
/// same time cannot both start it: journal BEGIN, open the register at a majority, propose DEST (this host owns epoch 1 of the name), and only with the
/// checked certificate start the container. Child of <see cref="ContainersActor"/>; replies to whoever asked and stops.
///
/// Supervision: stopped on any exception. What it left is in the journal, and its parent, or the next start of the daemon, withdraws or finishes it.
/// </summary>
public sealed class CreationActor : UntypedActor
{
    private readonly AttemptServices _services;
    private readonly IContainerRuntime _runtime;
    private readonly ContainerSpec? _spec;
    private readonly IActorRef _asker;
    private readonly AttemptId _attempt;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private Registration? _registration;

    public CreationActor(AttemptServices services, IContainerRuntime runtime, ContainerSpec? spec, OpenAttempt? open, IActorRef asker)
    {
        _services = services;
        _runtime = runtime;
        _spec = spec;
        _asker = asker;
        _attempt = open?.Id ?? AttemptId.New();
        _registration = open?.Begun.Registration;
        Open = open;
    }

    private OpenAttempt? Open { get; }

    private DecisionServices Decision => _services.Decision;

    /// <summary>A new container.</summary>
    public static Props New(AttemptServices services, IContainerRuntime runtime, ContainerSpec spec, IActorRef asker)
        => Akka.Actor.Props.Create(() => new CreationActor(services, runtime, spec, null, asker));

    /// <summary>After a daemon restart: a creation that the journal has begun and not ended. Nobody waits for it any more, so a name without a container is freed.</summary>
    public static Props Recovered(AttemptServices services, IContainerRuntime runtime, OpenAttempt open)
        => Akka.Actor.Props.Create(() => new CreationActor(services, runtime, null, open, ActorRefs.Nobody));

    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Stop);

    protected override void PreStart()
    {
        if (Open is null)
        {
            BeginAsync(_spec!.Name).PipeTo(Self);
        }
        else if (Open.Certificate is { } certificate)
        {
            FinishAsync(certificate).PipeTo(Self);
        }
        else if (Open.Proposed is not null)
        {
            Propose();
        }
        else
        {
            WithdrawAsync(new CommandRefused(MigrationFailure.Internal, "the daemon ended before the container was started")).PipeTo(Self);
        }
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Begun:
                Propose();
                break;
            case AttemptEvent.VerdictLearned verdict:
                FinishAsync(verdict.Certificate).PipeTo(Self);
                break;
            case Answer answer:
                if (answer.Untold is { } untold)
                {
                    Context.Parent.Tell(untold);
                }

                _asker.Tell(answer.Reply);
                Context.Stop(Self);
                break;
            case Status.Failure failure:
                _log.Error(failure.Cause, "Start of {0} failed", _spec?.Name.Value ?? _registration?.Register.Container.Value);
                _asker.Tell(new CommandRefused(MigrationFailure.Internal, $"the container could not be started: {failure.Cause.GetBaseException().Message}"));
                Context.Stop(Self);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Propose()
    {
        var ballot = Decision.Journal.State.Open.TryGetValue(_attempt, out var open) ? open.Ballot : 0;
        var proposer = Context.ActorOf(
            ProposerActor.Props(new Proposer(_registration!, _services.Self, Decision.Keys, ballot), Decision.Client, Decision.Journal, Decision.Times, _services.Clock),
            "proposer");
        proposer.Tell(new ProposerEvent.Propose(Verdict.Dest, null));
    }

    private async Task<object> BeginAsync(ContainerName name)
    {
        var floor = await Decision.Poll.ReadFloorAsync(name).ConfigureAwait(false);
        if (floor is null)
        {
            return new Answer(new CommandRefused(MigrationFailure.NoMajority, "no majority of the voters answers, so nothing was started"));
        }

        if (floor.Owner is { } owner)
        {
            return new Answer(new CommandRefused(MigrationFailure.AlreadyThere, $"the name {name} is taken: it belongs to host {owner}"));
        }

        if (floor.Released is { } own && own.By == _services.Self)
        {
            await Decision.Poll.ReleaseAsync(name, own.Epoch).ConfigureAwait(false);
        }

        var unsigned = new Registration(
            new RegisterId(name, floor.Next, _attempt), RegisterKind.Creation, _services.Self, _services.Self, floor.Voters, [], [], []);
        _registration = unsigned with { Signature = Decision.Signer.Sign(DecisionBytes.ToSign(unsigned)) };
        await Decision.Journal.AppendAsync(new JournalEntry.Begun(AttemptRole.Creator, _registration, Now())).ConfigureAwait(false);
        var (failure, sentence) = await Decision.Poll.OpenAsync(_registration).ConfigureAwait(false);
        if (failure != MigrationFailure.None)
        {
            var why = failure == MigrationFailure.UnknownContainer && floor.Released is { } left && left.By != _services.Self
                ? new CommandRefused(MigrationFailure.AlreadyThere, $"the name {name} was given back by host {left.By}, and some voters have not heard that: run 'amig rm {name}' once more ({sentence})")
                : new CommandRefused(failure, sentence);
            return await WithdrawAsync(why).ConfigureAwait(false);
        }

        await Decision.Journal.AppendAsync(new JournalEntry.Proposed(_attempt, Verdict.Dest)).ConfigureAwait(false);
        return new Begun();
    }

    /// <summary>Nothing was proposed: another host may have the name.</summary>
    private async Task<object> WithdrawAsync(CommandRefused reply)
    {
        await Decision.Poll.AskAllAsync(new VoterRequest.Withdraw(_registration!.Register)).ConfigureAwait(false);
        await EndAsync(AttemptOutcome.Aborted, reply.Failure, reply.Sentence).ConfigureAwait(false);
        return new Answer(reply);
    }

    private async Task<object> FinishAsync(VerdictCertificate certificate)
    {
        if (VerdictCheck.WhyNot(certificate, _registration!, Decision.Keys) is { } why)
        {
            return new Answer(new CommandRefused(MigrationFailure.Internal, $"the voters' answer proves nothing: {why}"));
        }

        await Decision.Journal.AppendAsync(new JournalEntry.VerdictLearned(_attempt, certificate)).ConfigureAwait(false);
        await Decision.Poll.AskAllAsync(new VoterRequest.Learn(certificate)).ConfigureAwait(false);
        var name = _registration!.Register.Container;
        var fence = new Fence(_registration.Register.Fence.Epoch + 1, 0);
        var (status, failure) = await StartAsync(name, fence).ConfigureAwait(false);
        if (status is not null)
        {
            await EndAsync(AttemptOutcome.Committed, MigrationFailure.None, "").ConfigureAwait(false);
            return new Answer(new ContainerStarted(_services.Self, status));
        }

        var heard = await Decision.Poll.ReleaseAsync(name, fence.Epoch).ConfigureAwait(false);
        await EndAsync(AttemptOutcome.Aborted, failure!.Failure, failure.Message).ConfigureAwait(false);
        await Decision.Journal.AppendAsync(new JournalEntry.Removed(_attempt, name)).ConfigureAwait(false);
        return new Answer(new CommandRefused(failure.Failure, failure.Message), heard.ByAll ? null : new ContainersActor.Untold(name, fence.Epoch, certificate));
    }

    /// <summary>What runs, or why nothing of it is here. Throws when that is not known: the name is not given back then, and the creation stays open.</summary>
    private async Task<(ContainerStatus? Status, AttemptException? Failure)> StartAsync(ContainerName name, Fence fence)
    {
        var why = new AttemptException(MigrationFailure.Internal, $"the daemon ended before {name} was started");
        if (_spec is not null)
        {
            try
            {
                return (await _runtime.RunAsync(_spec, fence, CancellationToken.None).ConfigureAwait(false), null);
            }
            catch (AttemptException e)
            {
                why = e;
            }
        }

        var found = await _runtime.TakeUpAsync(name, fence).ConfigureAwait(false);
        return found is null ? (null, why) : _spec is null ? (found, null) : throw why;
    }

    private Task EndAsync(AttemptOutcome outcome, MigrationFailure failure, string sentence)
        => Decision.Journal.AppendAsync(new JournalEntry.Ended(new AttemptDetails(
            _attempt, _registration!.Register.Container, _registration.Register.Fence, _services.Self, _services.Self, _services.Self,
            Phase.Teardown, "Creation", outcome, failure, sentence, Now(), [], [], 0, 0, [], 0, 0, 0, null)));

    private long Now() => _services.Clock.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Self-message: the register is open at a majority.</summary>
    private sealed record Begun : INoSerializationVerificationNeeded;

    /// <summary>Self-message: it is over. With what the voters have to be told again.</summary>
    private sealed record Answer(object Reply, ContainersActor.Untold? Untold = null) : INoSerializationVerificationNeeded;
}
