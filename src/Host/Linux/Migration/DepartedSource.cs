using ActorMigration.Actors;
using ActorMigration.Actors.Streaming;
using ActorMigration.Contracts;

namespace ActorMigration.Host.Linux.Migration;

/// <summary>
/// An adopted attempt whose container is not on this host any more: the daemon died between the last step of its teardown and the journal's word of it. All
/// that is left to do is to clean up once more.
/// </summary>
/// <param name="node">This host.</param>
/// <param name="container">That was here.</param>
/// <param name="fence">Of the attempt.</param>
/// <param name="hasRecord">The container has come back at a newer fence: its files are not this attempt's.</param>
internal sealed class DepartedSource(LinuxNode node, ContainerName container, Fence fence, bool hasRecord) : ISourceAttempt
{
    public byte[] KeyDigest => throw Gone();

    public IPagePump Pump => throw Gone();

    public Task<SourceSurvey> SurveyAsync(CancellationToken cancel) => Task.FromException<SourceSurvey>(Gone());

    public Task ConnectAsync(DataEndpoint destination, CancellationToken cancel) => Task.FromException(Gone());

    public Task<RoundReport> RunRoundAsync(int round, CancellationToken cancel) => Task.FromException<RoundReport>(Gone());

    public Task FreezeAsync() => Task.FromException(Gone());

    public Task UnplugAsync() => Task.FromException(Gone());

    public Task<FrozenCopy> CopyFrozenAsync(CancellationToken cancel) => Task.FromException<FrozenCopy>(Gone());

    public HandOverToken SignHandOver(Manifest manifest, byte[] destinationKeyDigest) => throw Gone();

    public Task PlugAndThawAsync() => Task.FromException(Gone());

    public Task<string?> AwaitThawByOthersAsync() => Task.FromResult<string?>(null);

    public Task KillAsync() => Task.CompletedTask;

    public Task RefuseCopyAsync() => Task.CompletedTask;

    public Task CleanAsync(Verdict verdict) => AttemptErrors.Of("cleaning up", () =>
    {
        LinuxSourceAttempt.RemoveLeftovers(node, container, fence);
        if (verdict == Verdict.Dest && !hasRecord)
        {
            // The record goes first: files and mounts may be left without it.
            new LinuxContainerRuntime(node).RemoveFiles(container);
        }

        return Task.CompletedTask;
    });

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private AttemptException Gone() => new(MigrationFailure.UnknownContainer, $"container {container} is not on this host at {fence} any more");
}
