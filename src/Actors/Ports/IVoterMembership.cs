namespace ActorMigration.Actors;

/// <summary>Keeps which voter this host's state directory is. Called by the voter, one call at a time.</summary>
public interface IVoterMembership
{
    /// <summary>As it is on the disk.</summary>
    VoterMembership Current { get; }

    /// <summary>Makes it durable; when it throws, the disk and <see cref="Current"/> are as they were.</summary>
    Task WriteAsync(VoterMembership membership);
}

/// <summary>
/// A counter that no copy of a disk can take back: an NV counter of this host's TPM. Throws <see cref="Trust.TpmUnavailableException"/> while the TPM does not answer.
/// </summary>
public interface IFreshnessCounter
{
    /// <summary>Null when it was never incremented.</summary>
    Task<ulong?> ReadAsync(CancellationToken cancel);

    /// <summary>Adds one and returns the new value.</summary>
    Task<ulong> IncrementAsync(CancellationToken cancel);
}
