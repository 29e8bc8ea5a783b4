using System.Collections.Immutable;
using ActorMigration.Actors;
using ActorMigration.Contracts;

namespace ActorMigration.Simulator;

/// <summary>
/// What one would write first, kept to show that the simulator finds its double run: the source freezes and sends; the destination acknowledges and runs; the source
/// kills its copy on the acknowledgement and thaws when none came in time. No journal: a daemon that crashed knows nothing of the attempt.
/// </summary>
internal sealed class AcknowledgeProtocol : IProtocol
{
    public static readonly AcknowledgeProtocol Instance = new();

    private static readonly Fence First = new(1, 1);
    private static readonly TimeSpan Resend = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    public bool HasRegister => false;

    public ISide NewSource(AttemptId attempt, SimulatedHost source, HostName destination) => new Source(attempt, source.Name, destination);

    public ISide NewDestination(OfferMigration offer, SimulatedHost destination) => new Destination(offer.Attempt, offer.SourceHost);

    public ISide Recovered(OpenAttempt open, SimulatedHost host) => throw new InvalidOperationException("nothing of this protocol is in a journal");

    private abstract class Side(AttemptId attempt, HostName other) : ISide
    {
        public abstract AttemptRole Role { get; }

        public int State { get; protected set; }

        public string StateName => $"step {State}";

        public Fence Fence => First;

        public HostName Other => other;

        public Registration? Registration => null;

        protected AttemptId Attempt => attempt;

        public abstract ImmutableArray<AttemptAction> Step(AttemptEvent happened, DateTimeOffset now);

        public AttemptDetails Details() => throw new InvalidOperationException("this protocol keeps no history");

        protected static AttemptAction.Call Make(AttemptCall call) => new(call);
    }

    private sealed class Source(AttemptId attempt, HostName self, HostName destination) : Side(attempt, destination)
    {
        public override AttemptRole Role => AttemptRole.Source;

        private OfferMigration Offer => new(Attempt, First, World.Container, self, World.Digest, World.Digest, World.Digest);

        public override ImmutableArray<AttemptAction> Step(AttemptEvent happened, DateTimeOffset now)
        {
            switch (happened)
            {
                case AttemptEvent.Started:
                    return [Make(AttemptCall.Freeze)];
                case AttemptEvent.CallDone { Call: AttemptCall.Freeze } when State == 0:
                    State = 1;
                    return [new AttemptAction.Send(Offer), Again(), new AttemptAction.StartTimer(AttemptTimer.StopDeadline, Deadline, 0)];
                case AttemptEvent.TimerFired { Timer: AttemptTimer.Resend } when State == 1:
                    return [new AttemptAction.Send(Offer), Again()];
                case AttemptEvent.TimerFired { Timer: AttemptTimer.StopDeadline } when State == 1:
                    State = 2;
                    return [Make(AttemptCall.PlugAndThaw)];
                case AttemptEvent.Received { Message: Running } when State == 1:
                    State = 2;
                    return [Make(AttemptCall.Kill)];
                case AttemptEvent.CallDone { Call: AttemptCall.PlugAndThaw or AttemptCall.Kill }:
                    return [new AttemptAction.End()];
                case AttemptEvent.CallFailed failed:
                    return failed.Call is AttemptCall.Freeze ? [new AttemptAction.End()] : [Make(failed.Call)];
                default:
                    return [];
            }
        }

        private static AttemptAction.StartTimer Again() => new(AttemptTimer.Resend, Resend, 0);
    }

    private sealed class Destination(AttemptId attempt, HostName source) : Side(attempt, source)
    {
        public override AttemptRole Role => AttemptRole.Destination;

        public override ImmutableArray<AttemptAction> Step(AttemptEvent happened, DateTimeOffset now)
        {
            switch (happened)
            {
                case AttemptEvent.Started when State == 0:
                    State = 1;
                    return [new AttemptAction.RestoreToGate(World.ManifestOf(Attempt, First))];
                case AttemptEvent.Gated when State == 1:
                    State = 2;
                    return [new AttemptAction.OpenGate(null!)];
                case AttemptEvent.CallDone { Call: AttemptCall.OpenGate }:
                    State = 3;
                    return [new AttemptAction.Send(new Running(Attempt, First, 0))];
                case AttemptEvent.Received { Message: OfferMigration } when State == 3:
                    return [new AttemptAction.Send(new Running(Attempt, First, 0))];
                case AttemptEvent.CallFailed:
                    return [new AttemptAction.End()];
                default:
                    return [];
            }
        }
    }
}
