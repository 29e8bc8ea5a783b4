namespace ActorMigration.Host.Stream;

/// <summary>Why no data connection came about.</summary>
public enum DataPlaneFailure
{
    /// <summary>No TCP connection.</summary>
    Unreachable = 1,

    /// <summary>The TLS handshake failed: wrong key on a side, unknown attempt, or not TLS 1.3 at all.</summary>
    NotAuthenticated = 2,

    /// <summary>The listener answered the hello with a <see cref="DataRefusal"/>.</summary>
    Refused = 3,

    /// <summary>The other side did not answer within <see cref="DataPlaneLimits.HandshakeDeadline"/>.</summary>
    TimedOut = 4,
}

/// <summary>Thrown by <see cref="DataClient"/>: no byte of the container has been sent.</summary>
public sealed class DataPlaneException(DataPlaneFailure failure, string message, Exception? inner = null) : Exception(message, inner)
{
    public DataPlaneFailure Failure { get; } = failure;
}
