using ActorMigration.Actors.Trust;
using ActorMigration.Actors.Trust.Verification;
using ActorMigration.Contracts.Trust;
using Akka.Actor;

namespace ActorMigration.Actors;

/// <summary>
/// Makes this host's evidence and checks the other's, for one attempt. Child of the attempt, to which it tells <see cref="AttemptEvent.QuoteMade"/>,
/// <see cref="AttemptEvent.QuoteFailed"/> and <see cref="AttemptEvent.EvidenceChecked"/>. It remembers the counters of the other's TPM from one check to the next.
///
/// Supervision: stopped with its attempt.
/// </summary>
public sealed class AttestorActor : UntypedActor
{
    private readonly AttestationServices _services;
    private readonly TimeProvider _clock;
    private AttestationCounters? _counters;

    public AttestorActor(AttestationServices services, TimeProvider clock)
    {
        _services = services;
        _clock = clock;
    }

    public static Props Props(AttestationServices services, TimeProvider clock) => Akka.Actor.Props.Create(() => new AttestorActor(services, clock));

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case AttemptAction.Quote quote:
                new QuoteService(_services.Tpm).Quote(quote.Binding, quote.StopPhase ? TpmPriority.StopPhase : TpmPriority.Normal, Self);
                break;
            case TpmReplies.Quoted quoted:
                Context.Parent.Tell(new AttemptEvent.QuoteMade(quoted.Evidence));
                break;
            case TpmReplies.NotAttestable no:
                Context.Parent.Tell(new AttemptEvent.QuoteFailed(no.Reason));
                break;
            case AttemptAction.CheckEvidence check:
                Context.Parent.Tell(new AttemptEvent.EvidenceChecked(Check(check)));
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private string Check(AttemptAction.CheckEvidence check)
    {
        var expected = new QuoteExpectation(check.Host, check.Binding, check.ChallengedAt, _counters);
        var verdict = AttestationVerifier.Verify(check.Evidence, expected, _services.Policy, _services.Anchors, _clock.GetUtcNow());
        switch (verdict)
        {
            case AttestationVerdict.Accepted accepted:
                _counters = accepted.Facts.Counters;
                return "";
            case AttestationVerdict.Rejected rejected:
                return $"{rejected.Sentence} (rule {rejected.Rule})";
            default:
                return $"the verifier answered {verdict.GetType().Name}, which this version does not know";
        }
    }
}
