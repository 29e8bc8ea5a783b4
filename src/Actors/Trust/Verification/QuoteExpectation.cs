using ActorMigration.Contracts;
using ActorMigration.Contracts.Trust;

namespace ActorMigration.Actors.Trust.Verification;

/// <summary>What this side knows by itself about the evidence it is waiting for.</summary>
/// <param name="Host">The host on the other end, from the attempt.</param>
/// <param name="Binding">Built by this side; nothing of it is taken from the other's message but the other's nonce and TLS key as seen on the channel.</param>
/// <param name="ChallengedAt">When this side gave its nonce out.</param>
/// <param name="Previous">Counters of the host's last accepted evidence, or null for the first.</param>
public sealed record QuoteExpectation(
    HostName Host,
    AttestationBinding Binding,
    DateTimeOffset ChallengedAt,
    AttestationCounters? Previous);
