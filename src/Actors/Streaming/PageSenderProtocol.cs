using ActorMigration.Contracts;
using ActorMigration.Contracts.Wire;
using Akka.Actor;

namespace ActorMigration.Actors.Streaming;

/// <summary>Orders from the attempt to its <see cref="PageSenderActor"/>.</summary>
public static class PageSenderCommands
{
    /// <summary>Gives no new credit: at most the window still crosses.</summary>
    public sealed record Pause : INoSerializationVerificationNeeded;

    /// <summary>Gives credit again.</summary>
    public sealed record Resume : INoSerializationVerificationNeeded;

    /// <summary>Asks for a <see cref="PageSenderEvents.StreamStatus"/>.</summary>
    public sealed record GetStreamStatus : INoSerializationVerificationNeeded;
}

/// <summary>Facts from a <see cref="PageSenderActor"/> to the attempt that owns it. They stay within one node.</summary>
public static class PageSenderEvents
{
    /// <summary>Every page of the round is in the destination's store.</summary>
    public sealed record RoundStored(AttemptId Attempt, int Round) : INoSerializationVerificationNeeded;

    /// <summary>The whole stream is stored; the manifest may be signed over its digest.</summary>
    public sealed record PageStreamStored(AttemptId Attempt, long IndexBytes) : INoSerializationVerificationNeeded;

    /// <summary>The stream broke; before the freeze the attempt gives up, after it the register decides.</summary>
    public sealed record PageStreamFailed(AttemptId Attempt, StreamFailure Failure, string Reason) : INoSerializationVerificationNeeded;

    /// <summary>Bytes of frames; what is sent and not yet consumed is in flight and never more than the window.</summary>
    public sealed record StreamStatus(AttemptId Attempt, long Sent, long Consumed, int LastRoundStored, bool Paused) : INoSerializationVerificationNeeded
    {
        /// <summary>Bytes that the receiver has not taken yet.</summary>
        public long InFlight => Sent - Consumed;
    }
}
