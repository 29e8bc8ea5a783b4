using ActorMigration.Actors.Streaming;
using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>
/// One container on the host it leaves, for one attempt: the operating system as the source's actors see it. Each call
/// does one step and is idempotent ("look first"); a call that fails throws <see cref="AttemptException"/>. Calls are made by
/// the attempt's actors only, one at a time, in the order of the phases. Nothing here decides anything. It is disposed of when no call is under way.
/// </summary>
public interface ISourceAttempt : IAsyncDisposable
{
    /// <summary>Digest of the public key (SPKI, SHA-256) that this attempt's TLS and signatures use; made when the attempt is opened.</summary>
    byte[] KeyDigest { get; }

    /// <summary>Attest. What is to be moved, and whether anything in it cannot be carried. Nothing is stopped.</summary>
    Task<SourceSurvey> SurveyAsync(CancellationToken cancel);

    /// <summary>Prepare. Opens the data sockets to the attested destination and sends the image layers that it lacks.</summary>
    Task ConnectAsync(DataEndpoint destination, CancellationToken cancel);

    /// <summary>The page stream's machinery, from <see cref="ConnectAsync"/> on; the attempt's page-sender actor starts it and owns its credits, rounds block on them.</summary>
    IPagePump Pump { get; }

    /// <summary>Pre-copy. One round: pages written since the last one, then changed files. Round 0 attaches to every process.</summary>
    Task<RoundReport> RunRoundAsync(int round, CancellationToken cancel);

    /// <summary>Stop-and-copy, after the journal holds FROZEN. Every task of the container stands when this returns. Not cancellable.</summary>
    Task FreezeAsync();

    /// <summary>Stop-and-copy. The port leaves the bridge; frames for the container are kept until the destination has claimed the address.</summary>
    Task UnplugAsync();

    /// <summary>
    /// Stop-and-copy. Last pages, final index, skeleton images and last file changes; then the manifest of all that was sent. Cancelled when this side wants its container
    /// back: the streams are closed, so that whatever waits for the other host comes back; a dump that has begun is waited for, and the tree stays frozen and whole.
    /// </summary>
    Task<FrozenCopy> CopyFrozenAsync(CancellationToken cancel);

    /// <summary>Stop-and-copy. Signs manifest and token with the attempt's key; called only with fresh evidence of the destination at hand.</summary>
    HandOverToken SignHandOver(Manifest manifest, byte[] destinationKeyDigest);

    /// <summary>
    /// Stop-and-copy, once nothing of this side works on the frozen copy any more, and after an adoption: watches that nobody else lets it run. When somebody has, it stands
    /// again and its port leads nowhere when this returns, with the one sentence; null when this side has let it go, has never stopped it, or is released.
    /// </summary>
    Task<string?> AwaitThawByOthersAsync();

    /// <summary>Resume after SOURCE: port in, address announced, tasks thawed. Also undoes a freeze that failed half way. Refuses what a later attempt has stopped.</summary>
    Task PlugAndThawAsync();

    /// <summary>Resume after DEST: kills the frozen copy. Its files stay until <see cref="CleanAsync"/>.</summary>
    Task KillAsync();

    /// <summary>
    /// Resume after an operator's DEST that says that this host was off: as <see cref="KillAsync"/> when no process is left of the copy, and else
    /// <see cref="MigrationFailure.LeftoversFound"/>, with the copy as it stands.
    /// </summary>
    Task RefuseCopyAsync();

    /// <summary>Teardown. Streams, keys and tracking go; after DEST also the container's files, mounts, netns and record on this host.</summary>
    Task CleanAsync(Verdict verdict);
}

/// <summary>Makes <see cref="ISourceAttempt"/>s; the fake and the Linux one obey the same contract spec.</summary>
public interface ISourceHost
{
    /// <summary>
    /// Opens an attempt for a container that runs here; refuses with <see cref="MigrationFailure.UnknownContainer"/>. With <paramref name="verifyMemory"/> the copy under
    /// the freeze carries a digest of all memory, and the destination compares it at its gate.
    /// </summary>
    ISourceAttempt Open(AttemptId attempt, ContainerName container, Fence fence, bool verifyMemory);

    /// <summary>After a daemon restart: takes up what an earlier daemon left of this attempt (frozen tree, port, files). Streams and keys are gone.</summary>
    ISourceAttempt Adopt(AttemptId attempt, ContainerName container, Fence fence);

    /// <summary>Whether a copy of a container is here that could go on, frozen or running. Asked before the operator gives the container to its source.</summary>
    bool CopyStands(ContainerName container);

    /// <summary>Whether that copy runs. Asked before the operator gives the container to its destination.</summary>
    bool CopyRuns(ContainerName container);
}
