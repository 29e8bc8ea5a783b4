namespace ActorMigration.Actors.Tests.Balancing;

/// <summary>Ends each sample as the test says, and not before; notes cancellation and otherwise ignores it.</summary>
internal sealed class ScriptedSource : ILoadSource
{
    private readonly Lock _lock = new();
    private TaskCompletionSource<LoadSample>? _sample;

    /// <summary>Samples that were asked for.</summary>
    public int Begun { get; private set; }

    public bool ThrowsAtOnce { get; set; }

    public CancellationToken Last { get; private set; }

    public bool IsUnderWay
    {
        get
        {
            lock (_lock)
            {
                return _sample is not null;
            }
        }
    }

    public void Finish(LoadSample sample) => Take().SetResult(sample);

    public void Fail(Exception failure) => Take().SetException(failure);

    public Task<LoadSample> SampleAsync(CancellationToken cancel)
    {
        lock (_lock)
        {
            Assert.True(_sample is null, "two samples at once");
            Begun++;
            Last = cancel;
            if (ThrowsAtOnce)
            {
                throw new InvalidOperationException("at once");
            }

            _sample = new TaskCompletionSource<LoadSample>(TaskCreationOptions.RunContinuationsAsynchronously);
            return _sample.Task;
        }
    }

    private TaskCompletionSource<LoadSample> Take()
    {
        lock (_lock)
        {
            var sample = _sample!;
            _sample = null;
            return sample;
        }
    }
}
