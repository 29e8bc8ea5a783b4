using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>The machines of an attempt with what this host gives them, for <see cref="MigrationsActor"/>: new ones, which an order, an offer or the journal is put into.</summary>
internal static class AttemptMachines
{
    public static SourceMigration Source(AttemptServices services, AttemptId attempt, ContainerName container, HostName to, MigrationPolicy policy) => new()
    {
        Attempt = attempt,
        Container = container,
        Self = services.Self,
        Destination = to,
        Policy = policy,
        Times = services.Times,
        Keys = services.Decision.Keys,
        NewNonce = Contracts.Trust.AttestationBinding.NewNonce,
        PolicyDigest = services.Attestation.Policy.Digest(),
        LastClosed = services.Decision.Journal.State.LastClosed.GetValueOrDefault(container),
    };

    public static DestinationMigration Destination(AttemptServices services, AttemptId attempt, ContainerName container, Fence fence, HostName source, byte[] keyDigest) => new()
    {
        Attempt = attempt,
        Container = container,
        Fence = fence,
        Self = services.Self,
        Source = source,
        Times = services.Times,
        Keys = services.Decision.Keys,
        TokenIsValid = static (token, digest) => HandOverSignature.Verify(token, digest),
        NewNonce = Contracts.Trust.AttestationBinding.NewNonce,
        PolicyDigest = services.Attestation.Policy.Digest(),
        KeyDigest = keyDigest,
        BootId = services.BootId,
    };
}
