using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>
/// One container on the host it goes to, for one attempt: the operating system as the destination's actors see it. Same rules
/// as <see cref="ISourceAttempt"/>.
/// </summary>
public interface IDestinationAttempt : IAsyncDisposable
{
    /// <summary>Digest of the public key (SPKI, SHA-256) that this attempt's TLS listener uses.</summary>
    byte[] KeyDigest { get; }

    /// <summary>
    /// Prepare. Refuses while anything of an older fence of this container is left; reserves memory and disk; makes netns, port (not
    /// plugged), root file system, page store, pager and keeper; listens for exactly the attested source key.
    /// </summary>
    Task<DataEndpoint> PrepareAsync(PrepareOrder order, CancellationToken cancel);

    /// <summary>Stop-and-copy. Announces the container's MAC from this host and begins to hold frames for it. The claim carries the fence.</summary>
    Task ClaimAddressAsync();

    /// <summary>
    /// Stop-and-copy. Waits until all that the manifest names has arrived, compares every digest, makes the files durable, compares every page's
    /// version with the store and the skeleton's pagemaps, restores to the gate. The tree then stands before its first instruction. Cancelled when this side gives up: nothing
    /// is waited for any more, and <see cref="KillGatedAsync"/> ends what has begun.
    /// </summary>
    Task<GateReport> RestoreToGateAsync(Manifest manifest, CancellationToken cancel);

    /// <summary>True while the gated tree of this attempt is alive, by pid and start time.</summary>
    bool GatedTreeIsAlive { get; }

    /// <summary>
    /// Resume after DEST: port in, gate open, held frames replayed, record written. The tasks run when this returns. When the gated tree died before it was let go
    /// nothing of it ran and nothing can: the record then says so, and it fails with <see cref="MigrationFailure.ContainerLost"/>, each time.
    /// </summary>
    Task OpenGateAsync(VerdictCertificate certificate);

    /// <summary>Resume after SOURCE (or before any gate): kills the gated tree, gives the address back. Nothing of the container has run here.</summary>
    Task KillGatedAsync();

    /// <summary>
    /// Resume after an operator's word that the container is lost and that this host was off: as <see cref="KillGatedAsync"/> when no process is left of the tree, and else
    /// <see cref="MigrationFailure.LeftoversFound"/>, with the tree as it stands.
    /// </summary>
    Task RefuseTreeAsync();

    /// <summary>Teardown after DEST: ends when every page is in its place.</summary>
    Task<FillReport> AwaitFillAsync(CancellationToken cancel);

    /// <summary>Teardown. After SOURCE everything of the attempt goes; after DEST the helpers, store, keys and claims go and the container stays.</summary>
    Task CleanAsync(Verdict verdict);
}

/// <summary>Makes <see cref="IDestinationAttempt"/>s; the fake and the Linux one obey the same contract spec.</summary>
public interface IDestinationHost
{
    /// <summary>Opens an attempt; takes nothing yet but a key. <paramref name="sourceKeyDigest"/> is the only peer its listener will accept.</summary>
    IDestinationAttempt Open(AttemptId attempt, ContainerName container, Fence fence, byte[] sourceKeyDigest);

    /// <summary>After a daemon restart: takes up the gate, tree, pager and store that an earlier daemon left of this attempt.</summary>
    IDestinationAttempt Adopt(AttemptId attempt, ContainerName container, Fence fence);

    /// <summary>Whether an attempt's tree waits at its gate, whole: it has not run. Asked before the operator gives the container to its source.</summary>
    bool TreeWaits(ContainerName container, Fence fence);

    /// <summary>Whether an attempt's tree waits at its gate, whole, or runs, whatever the records say. Asked before the operator gives the container to its destination, and before it is taken for lost; a tree whose gate is broken is.</summary>
    bool TreeStands(ContainerName container, Fence fence);
}
