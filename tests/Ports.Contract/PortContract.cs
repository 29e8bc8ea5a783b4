using ActorMigration.Actors;
using ActorMigration.Contracts;

namespace ActorMigration.Ports.Contract;

/// <summary>What the contracts of the ports have in common: a lab with a container that runs on host A, and assertions by looking.</summary>
public abstract class PortContract : IAsyncLifetime
{
    /// <summary>Of the container at its start; attempts follow at ordinals 1, 2 …</summary>
    protected static readonly Fence Started = new(1, 0);

    /// <summary>For what is to happen at once; far above it on a loaded machine.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>A container that runs would have counted many times in it.</summary>
    private static readonly TimeSpan Still = TimeSpan.FromMilliseconds(150);

    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(5);

    protected IPortLab Lab { get; private set; } = null!;

    protected IPortHost A => Lab.A;

    protected IPortHost B => Lab.B;

    protected ContainerSpec Spec => Lab.Spec;

    public async Task InitializeAsync()
    {
        Lab = await NewLabAsync();
        await A.Runtime.RunAsync(Spec, Started, CancellationToken.None);
        await AssertRunsAsync(A);
    }

    public async Task DisposeAsync() => await Lab.DisposeAsync();

    /// <summary>All memory at the gate is compared with that under the freeze; without it memory is still missing at the gate, and comes afterwards.</summary>
    protected virtual bool VerifiesMemory => false;

    /// <summary>The implementation under test.</summary>
    protected abstract Task<IPortLab> NewLabAsync();

    /// <summary>An attempt from A to B at ordinal <paramref name="ordinal"/>, opened on both sides.</summary>
    private protected Attempt Open(int ordinal = 1) => Attempt.Open(Lab, A, B, new Fence(Started.Epoch, ordinal), VerifiesMemory);

    protected static async Task AssertRunsAsync(IPortHost host)
    {
        var from = await host.CountAsync();
        await UntilAsync(async () => await host.CountAsync() > from + 1, $"the container was to run on host {host.Name}; its count stood at {from}");
    }

    protected static async Task AssertStandsAsync(IPortHost host, long count)
    {
        Assert.Equal(count, await host.CountAsync());
        await Task.Delay(Still);
        Assert.Equal(count, await host.CountAsync());
    }

    /// <summary>Nothing of the attempt is on the host, helpers that have just been told to end included.</summary>
    private protected static async Task AssertNothingLeftAsync(IPortHost host, Attempt attempt)
    {
        string[] left = [];
        var start = TimeProvider.System.GetTimestamp();
        do
        {
            left = await host.RemainsAsync(attempt.Id, attempt.Container, attempt.Fence);
            await Task.Delay(left.Length == 0 ? TimeSpan.Zero : Between);
        }
        while (left.Length > 0 && TimeProvider.System.GetElapsedTime(start) < Patience);
        Assert.True(left.Length == 0, $"left on host {host.Name} of attempt {attempt.Id}:\n{string.Join('\n', left)}");
    }

    protected async Task AssertAnswersAsync() => await UntilAsync(Lab.ContainerAnswersAsync, "the container was to answer under its address");

    /// <summary>A refusal by name with a sentence for the operator.</summary>
    protected static async Task<AttemptException> AssertRefusedAsync(MigrationFailure failure, Func<Task> call)
    {
        var refused = await Assert.ThrowsAsync<AttemptException>(call);
        Assert.True(failure == refused.Failure, $"{failure} was to be said, not {refused.Failure}: {refused.Message}");
        Assert.DoesNotContain("unexpectedly", refused.Message, StringComparison.Ordinal);
        Assert.False(string.IsNullOrWhiteSpace(refused.Message));
        return refused;
    }

    protected static async Task<ContainerState?> StateAsync(IPortHost host, ContainerName container)
        => Array.Find(await host.Runtime.ListAsync(CancellationToken.None), found => found.Name == container)?.State;

    private static async Task UntilAsync(Func<Task<bool>> holds, string sentence)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (!await holds())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < Patience, sentence);
            await Task.Delay(Between);
        }
    }
}
