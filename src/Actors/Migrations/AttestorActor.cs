using System.Collections.Immutable;
using ActorMigration.Actors.Trust;
using ActorMigration.Actors.Trust.Verification;
using ActorMigration.Contracts.Trust;
using Akka.Actor;
using Akka.Event;

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
    private readonly ILoggingAdapter _log = Context.GetLogger();
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
        var isSource = check.Binding.Role == AttestationRole.Source;
        if ((isSource ? _services.Trust.WhyGivesNothing(check.Host) : _services.Trust.WhyTakesNothing(check.Host)) is { } distrusted)
        {
            // The voters may know more than one quote shows, and may have found it out since the attempt began.
            return distrusted;
        }

        var expected = new QuoteExpectation(check.Host, check.Binding, check.ChallengedAt, _counters);
        var verdict = Verify(check.Evidence, expected, []);
        if (verdict is AttestationVerdict.Rejected measured && isSource && _services.Trust.IsEvacuated(check.Host) && Verify(check.Evidence, expected, AttestationVerifier.OfMeasurements) is AttestationVerdict.Accepted all)
        {
            // It is the host that it says it is, its TPM has signed this very attempt, and only what it has measured is wrong. Who cannot prove that much could be anybody.
            _log.Warning("{0} (rule {1}); its container is taken in all the same, as hosts that are not trusted are to be emptied (amig.trust.untrusted)", measured.Sentence, measured.Rule);
            verdict = all;
        }

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

    private AttestationVerdict Verify(Evidence evidence, QuoteExpectation expected, ImmutableHashSet<AttestationRule> overlooked)
        => AttestationVerifier.Verify(evidence, expected, _services.Policy, _services.Anchors, _clock.GetUtcNow(), overlooked);
}
