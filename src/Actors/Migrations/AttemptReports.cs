using ActorMigration.Contracts;
using Akka.Actor;

namespace ActorMigration.Actors;

/// <summary>Attempt to migrations actor, at every step and round: how it stands.</summary>
public sealed record AttemptProgressed(AttemptDetails Details) : INoSerializationVerificationNeeded;

/// <summary>
/// Attempt to migrations actor: the other side has claimed the container's address after this side got its container back. It does when it hung with the order to
/// claim in its mailbox.
/// </summary>
public sealed record ClaimedLate(AttemptId Attempt, ContainerName Container) : INoSerializationVerificationNeeded;

/// <summary>Attempt to migrations actor: nothing is left to do.</summary>
/// <param name="Attempt">The attempt.</param>
/// <param name="Details">As written to the journal.</param>
public sealed record AttemptEnded(AttemptId Attempt, AttemptDetails Details) : INoSerializationVerificationNeeded;

/// <summary>Daemon to migrations actor: it is about to end. From now on nothing is begun here, and no attempt consents to a stop that this host would not be there to end. Answer: <see cref="NothingStands"/>, as soon as that is so.</summary>
public sealed record DaemonStops : INoSerializationVerificationNeeded;

/// <summary>Migrations actor to daemon: no container stands for an attempt that this host has a part in. One that does would stand until this host is back, or the others have decided without it.</summary>
public sealed record NothingStands : INoSerializationVerificationNeeded
{
    public static NothingStands Instance { get; } = new();
}
