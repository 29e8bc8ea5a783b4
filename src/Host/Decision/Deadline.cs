namespace ActorMigration.Host.Decision;

/// <summary>A token that ends after a time or with another token, whichever is first.</summary>
internal sealed class Deadline : IDisposable
{
    private readonly CancellationTokenSource _timer;
    private readonly CancellationTokenSource _both;

    internal Deadline(TimeSpan after, TimeProvider clock, CancellationToken other)
    {
        _timer = new CancellationTokenSource(after, clock);
        _both = CancellationTokenSource.CreateLinkedTokenSource(_timer.Token, other);
    }

    internal CancellationToken Token => _both.Token;

    public void Dispose()
    {
        _both.Dispose();
        _timer.Dispose();
    }
}
