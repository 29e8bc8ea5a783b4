using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>
/// Asks one named voter. Independent of cluster membership: a node that the cluster has downed still votes. The other end's certificate must name the voter
/// that was asked.
/// </summary>
public interface IVoterClient
{
    /// <summary>
    /// One request, one reply. Throws <see cref="VoterUnreachableException"/> when no reply came, which says nothing about whether the voter acted.
    /// </summary>
    Task<VoterReply> AskAsync(HostName voter, VoterRequest request, CancellationToken cancel);
}

/// <summary>No reply from a voter; it may or may not have acted on the request.</summary>
public sealed class VoterUnreachableException(HostName voter, string why, Exception? inner = null)
    : Exception($"voter {voter} does not answer: {why}", inner)
{
    /// <summary>Who was asked.</summary>
    public HostName Voter { get; } = voter;
}
