using ActorMigration.Contracts.Wire;

namespace ActorMigration.Actors.Streaming;

/// <summary>
/// What the streaming actor needs of the machinery that moves bytes: in the product two threads over a TLS socket, in tests
/// a recorder. The pump never writes beyond the credits and tells everything it does as a <see cref="PagePumpEvent"/>.
/// </summary>
public interface IPagePump
{
    /// <summary>Starts once; events come from the pump's own threads, in order per kind, until <see cref="PagePumpEvent.PumpFailed"/> or the stop.</summary>
    void Start(StreamCredits credits, Action<PagePumpEvent> tell);

    /// <summary>Ends the threads and the connection; may be called in any state and more than once.</summary>
    void Stop();
}

/// <summary>What a pump tells its actor.</summary>
public abstract record PagePumpEvent
{
    private PagePumpEvent()
    {
    }

    /// <summary>Bytes of frames written in all; told every 4 MiB and when the pump runs dry.</summary>
    public sealed record Sent(long Total) : PagePumpEvent;

    /// <summary>Bytes of frames that the receiver has taken in all.</summary>
    public sealed record Consumed(long Total) : PagePumpEvent;

    /// <summary>The receiver has every page of a round in its store.</summary>
    public sealed record RoundStored(int Round) : PagePumpEvent;

    /// <summary>The receiver has the whole stream, the final index included.</summary>
    public sealed record FinalStored(long IndexBytes) : PagePumpEvent;

    /// <summary>The stream is over without its end; the attempt cannot go on with it.</summary>
    public sealed record PumpFailed(StreamFailure Failure, string Reason) : PagePumpEvent;
}
