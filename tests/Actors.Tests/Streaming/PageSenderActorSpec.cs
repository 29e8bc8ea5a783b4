using ActorMigration.Actors.Streaming;
using ActorMigration.Contracts;
using ActorMigration.Contracts.Wire;
using Akka.Actor;
using Akka.TestKit.Xunit2;
using CsCheck;

namespace ActorMigration.Actors.Tests.Streaming;

/// <summary>Who may send how much, without a socket.</summary>
public sealed class PageSenderActorSpec : TestKit
{
    private const long Window = 4L << 20;

    private readonly AttemptId _attempt = AttemptId.New();
    private readonly RecordedPump _pump = new();
    private readonly IActorRef _sender;

    public PageSenderActorSpec()
        => _sender = ActorOfAsTestActorRef<PageSenderActor>(PageSenderActor.Props(_attempt, _pump, Window), TestActor);

    [Fact]
    public void Credit_is_what_was_consumed_plus_the_window()
    {
        Assert.Equal(Window, _pump.Credits.Limit);
        _pump.Tell(new PagePumpEvent.Consumed(1 << 20));
        Assert.Equal(Window + (1 << 20), _pump.Credits.Limit);
    }

    [Fact]
    public void A_pause_gives_no_new_credit_and_a_resume_gives_all_of_it()
    {
        _sender.Tell(new PageSenderCommands.Pause());
        _pump.Tell(new PagePumpEvent.Consumed(2 << 20));
        Assert.Equal(Window, _pump.Credits.Limit);

        _sender.Tell(new PageSenderCommands.Resume());
        Assert.Equal(Window + (2 << 20), _pump.Credits.Limit);
    }

    [Fact]
    public void A_stored_round_and_the_stored_stream_are_told_to_the_attempt()
    {
        _pump.Tell(new PagePumpEvent.RoundStored(0));
        _pump.Tell(new PagePumpEvent.FinalStored(77));

        Assert.Equal(new PageSenderEvents.RoundStored(_attempt, 0), ExpectMsg<PageSenderEvents.RoundStored>());
        Assert.Equal(new PageSenderEvents.PageStreamStored(_attempt, 77), ExpectMsg<PageSenderEvents.PageStreamStored>());
    }

    [Fact]
    public void A_failure_is_told_once_and_lets_the_pump_go()
    {
        _pump.Tell(new PagePumpEvent.PumpFailed(StreamFailure.ConnectionLost, "reset"));
        _pump.Tell(new PagePumpEvent.PumpFailed(StreamFailure.ConnectionLost, "reset again"));

        Assert.Equal("reset", ExpectMsg<PageSenderEvents.PageStreamFailed>().Reason);
        ExpectNoMsg(TimeSpan.FromMilliseconds(50));
        Assert.False(_pump.Credits.Await(1));
    }

    [Theory]
    [InlineData(Window + 1)]
    [InlineData(-1)]
    public void A_receiver_that_took_what_it_cannot_have_ends_the_stream(long total)
    {
        _pump.Tell(new PagePumpEvent.Consumed(total));

        Assert.Equal(StreamFailure.BadFrame, ExpectMsg<PageSenderEvents.PageStreamFailed>().Failure);
    }

    [Fact]
    public void A_round_is_stored_once_and_in_order()
    {
        _pump.Tell(new PagePumpEvent.RoundStored(1));
        _pump.Tell(new PagePumpEvent.RoundStored(1));

        ExpectMsg<PageSenderEvents.RoundStored>();
        Assert.Equal(StreamFailure.BadFrame, ExpectMsg<PageSenderEvents.PageStreamFailed>().Failure);
    }

    [Fact]
    public void The_end_of_the_actor_stops_the_pump()
    {
        Watch(_sender);
        Sys.Stop(_sender);
        ExpectTerminated(_sender);

        Assert.True(_pump.Stopped);
        Assert.False(_pump.Credits.Await(1));
    }

    /// <summary>Model of pump and receiver in any interleaving: bytes in flight never exceed the window, and the stream never stands still.</summary>
    [Fact]
    public void In_flight_bytes_never_exceed_the_window_and_the_stream_ends()
        => Gen.Select(Gen.Int[1, PageFrameLimits.MaxFrameBytes].Array[1, 60], Gen.Bool.Array[1, 400], Gen.Long[StreamCredits.LeastWindow, 4 * StreamCredits.LeastWindow])
            .Sample((frames, schedule, window) =>
            {
                var credits = new StreamCredits();
                credits.RaiseTo(window);
                long sent = 0, consumed = 0, acknowledged = 0;
                var next = 0;
                for (var step = 0; next < frames.Length || consumed < sent; step++)
                {
                    var maySend = next < frames.Length && sent + frames[next] <= credits.Limit;
                    Assert.True(maySend || consumed < sent, $"stands still with {sent} sent, {consumed} consumed, {acknowledged} acknowledged");
                    if (maySend && (schedule[step % schedule.Length] || consumed == sent))
                    {
                        sent += frames[next++];
                    }
                    else if (consumed < sent)
                    {
                        consumed = sent;
                        if (consumed - acknowledged >= StreamAck.ConsumedEveryBytes)
                        {
                            acknowledged = consumed;
                            credits.RaiseTo(acknowledged + window);
                        }
                    }

                    Assert.True(sent - acknowledged <= window, $"{sent - acknowledged} bytes in flight, the window is {window}");
                }
            });

    private sealed class RecordedPump : IPagePump
    {
        internal StreamCredits Credits { get; private set; } = null!;

        internal Action<PagePumpEvent> Tell { get; private set; } = null!;

        internal bool Stopped { get; private set; }

        public void Start(StreamCredits credits, Action<PagePumpEvent> tell) => (Credits, Tell) = (credits, tell);

        public void Stop() => Stopped = true;
    }
}
