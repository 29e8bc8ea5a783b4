using ActorMigration.Contracts.Wire;

namespace ActorMigration.Host.Stream;

/// <summary>Thrown into the tracker's round when the stream it writes to is over; what it was sending is not sent.</summary>
public sealed class PageStreamException(StreamFailure failure, string reason) : Exception($"page stream is over ({failure}): {reason}")
{
    public StreamFailure Failure { get; } = failure;
}
