using ActorMigration.Contracts.Trust;
using Akka.Actor;

namespace ActorMigration.Actors.Trust;

/// <summary>This host's quotes, for actors that know what a quote is to be about and not how a TPM is asked. Holds no state.</summary>
/// <param name="tpm">The node's <see cref="TpmActor"/>.</param>
public sealed class QuoteService(IActorRef tpm)
{
    /// <summary>
    /// Asks for evidence over <paramref name="binding"/>: <paramref name="answerTo"/> gets <see cref="TpmReplies.Quoted"/> or
    /// <see cref="TpmReplies.NotAttestable"/>. Quotes for a container about to stop or stopped take
    /// <see cref="TpmPriority.StopPhase"/>.
    /// </summary>
    public void Quote(AttestationBinding binding, TpmPriority priority, IActorRef answerTo)
        => tpm.Tell(new TpmCommands.Quote(binding.QualifyingData(), priority), answerTo);
}
