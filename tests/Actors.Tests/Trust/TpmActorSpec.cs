using ActorMigration.Actors.Trust;
using ActorMigration.Contracts.Trust;
using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;

namespace ActorMigration.Actors.Tests.Trust;

/// <summary>The tpm actor on virtual time.</summary>
public sealed class TpmActorSpec : TestKit
{
    private static readonly TpmSettings Settings = new(
        CommandDeadline: TimeSpan.FromSeconds(10), FirstBackOff: TimeSpan.FromSeconds(1), LongestBackOff: TimeSpan.FromSeconds(3), QueueLimit: 3);

    private static readonly AttestationIdentity Identity = new(static () => [0, 7], [1, 2, 3], [[4]]);
    private static readonly TpmQuote Quote = new([9], [8], [TestQuote.Pcr(0), TestQuote.Pcr(7)]);
    private static readonly object Done = new();

    private readonly ScriptedTpm _tpm = new();
    private readonly IActorRef _actor;

    public TpmActorSpec()
        : base("akka.scheduler.implementation = \"Akka.TestKit.TestScheduler, Akka.TestKit\", akka.test.single-expect-default = 30s, akka.test.default-timeout = 30s")
        => _actor = Sys.ActorOf(TpmActor.Props(_tpm.Connect, Settings, Identity));

    private TestScheduler Time => (TestScheduler)Sys.Scheduler;

    private void Ask(byte mark, TpmPriority priority = TpmPriority.Normal) => _actor.Tell(new TpmCommands.Quote([mark], priority), TestActor);

    private string ExpectNotAttestable() => ExpectMsg<TpmReplies.NotAttestable>().Reason;

    [Fact]
    public void Evidence_holds_the_quote_and_this_hosts_certificate()
    {
        _tpm.Next("open").Answer(Done);
        Ask(1);
        _tpm.Next("quote").Answer(Quote);

        var evidence = ExpectMsg<TpmReplies.Quoted>().Evidence;

        Assert.Equal(EvidenceKind.Tpm2Quote, evidence.Kind);
        Assert.Equal((Quote.Attest, Quote.Signature, Identity.AkCertificate, Identity.AkChain), (evidence.Attest, evidence.Signature, evidence.AkCertificate, evidence.AkChain));
        Assert.Equal(Quote.Pcrs, evidence.Pcrs);
    }

    [Fact]
    public void Commands_run_one_at_a_time_and_stop_phase_quotes_go_first()
    {
        var open = _tpm.Next("open");
        Ask(1);
        Ask(2);
        Ask(3, TpmPriority.StopPhase);
        open.Answer(Done);

        var first = _tpm.Next("quote");
        Assert.Empty(_tpm.Calls);
        Ask(4, TpmPriority.StopPhase);
        first.Answer(Quote);
        ExpectMsg<TpmReplies.Quoted>();
        var order = new List<object?> { first.Argument };
        for (var i = 0; i < 3; i++)
        {
            var call = _tpm.Next("quote");
            order.Add(call.Argument);
            call.Answer(Quote);
            ExpectMsg<TpmReplies.Quoted>();
        }

        Assert.Equal([(byte)3, (byte)4, (byte)1, (byte)2], order);
    }

    [Fact]
    public void Refusal_is_the_answer_and_the_connection_goes_on()
    {
        _tpm.Next("open").Answer(Done);
        _actor.Tell(new TpmCommands.IncrementCounter(5), TestActor);
        _tpm.Next("increment").Fail(new TpmRefusedException("locked out"));
        Assert.Equal("locked out", ExpectNotAttestable());

        _actor.Tell(new TpmCommands.IncrementCounter(5), TestActor);
        _tpm.Next("increment").Answer(17UL);

        Assert.Equal(17UL, ExpectMsg<TpmReplies.CounterRead>().Value);
    }

    [Fact]
    public void A_quote_that_meets_a_power_cycled_chip_is_repeated_once_over_a_new_connection()
    {
        _tpm.Next("open").Answer(Done);
        Ask(1);
        _tpm.Next("quote").Fail(new TpmUnavailableException("broken pipe"));
        _tpm.Next("open").Answer(Done);
        _tpm.Next("quote").Answer(Quote);
        ExpectMsg<TpmReplies.Quoted>();

        Ask(2);
        _tpm.Next("quote").Fail(new TpmUnavailableException("broken pipe"));
        _tpm.Next("open").Answer(Done);
        _tpm.Next("quote").Fail(new TpmUnavailableException("broken again"));
        Assert.Contains("broken again", ExpectNotAttestable());
    }

    [Fact]
    public void An_increment_is_never_repeated()
    {
        _tpm.Next("open").Answer(Done);
        _actor.Tell(new TpmCommands.IncrementCounter(5), TestActor);
        _tpm.Next("increment").Fail(new TpmUnavailableException("broken pipe"));

        Assert.Contains("broken pipe", ExpectNotAttestable());
        Assert.Empty(_tpm.Calls);
    }

    [Fact]
    public void Broken_connection_answers_all_who_wait_and_is_opened_again_with_growing_back_off()
    {
        _tpm.Next("open").Answer(Done);
        Ask(1);
        var quote = _tpm.Next("quote");
        Ask(2);
        quote.Fail(new TpmUnavailableException("socket closed"));
        // Once it is tried at once over a new connection.
        _tpm.Next("open").Fail(new TpmUnavailableException("socket closed for good"));
        Assert.Contains("socket closed for good", ExpectNotAttestable());
        Assert.Contains("socket closed for good", ExpectNotAttestable());

        foreach (var (attempt, backOff) in ((double[])[1, 2, 3, 3]).Index())
        {
            Ask(3);
            ExpectNotAttestable();
            Time.Advance(TimeSpan.FromSeconds(backOff - 0.1));
            ExpectNoMsg(TimeSpan.FromMilliseconds(20));
            Assert.Empty(_tpm.Calls);
            Time.Advance(TimeSpan.FromSeconds(0.2));
            _tpm.Next("open").Fail(new TpmUnavailableException($"refused {attempt}"));
            AwaitAssert(() =>
            {
                Ask(4);
                Assert.Contains($"refused {attempt}", ExpectNotAttestable());
            });
        }

        Time.Advance(TimeSpan.FromSeconds(3.1));
        _tpm.Next("open").Answer(Done);
        AwaitCondition(() =>
        {
            Ask(5);
            return _tpm.Calls.Count > 0;
        });
        _tpm.Next("quote").Answer(Quote);
        FishForMessage<TpmReplies.Quoted>(_ => true);
    }

    [Fact]
    public void Late_command_is_answered_at_the_deadline_and_its_connection_closed()
    {
        _tpm.Next("open").Answer(Done);
        Ask(1);
        _tpm.Next("quote");
        Time.Advance(TimeSpan.FromSeconds(10));

        Assert.Contains("did not finish Quote within 10000 ms", ExpectNotAttestable());
        Assert.True(_tpm.Disposed.TryTake(out _, ScriptedTpm.Patience));
    }

    [Fact]
    public void Second_connection_waits_until_the_hanging_call_has_ended_and_its_late_answer_counts_for_nothing()
    {
        _tpm.DisposeDoesNotWake = true;
        _tpm.Next("open").Answer(Done);
        Ask(1);
        var hanging = _tpm.Next("quote");
        Time.Advance(TimeSpan.FromSeconds(10));
        ExpectNotAttestable();
        Time.Advance(TimeSpan.FromSeconds(100));
        ExpectNoMsg(TimeSpan.FromMilliseconds(20));
        Assert.Empty(_tpm.Calls);

        hanging.Answer(Quote);
        AwaitCondition(() =>
        {
            // The back-off begins when the actor has seen that the call ended, which nothing outside shows.
            Time.Advance(TimeSpan.FromSeconds(1));
            return _tpm.Calls.Count > 0;
        });

        _tpm.Next("open").Answer(Done);
        ExpectNoMsg(TimeSpan.FromMilliseconds(50));
    }

    [Fact]
    public void Opening_that_hangs_is_given_up_too()
    {
        _tpm.Next("open");
        Ask(1);
        Time.Advance(TimeSpan.FromSeconds(10));

        Assert.Contains("did not finish opening", ExpectNotAttestable());
    }

    [Fact]
    public void Full_queue_answers_at_once_and_leaves_places_for_the_stop_phase()
    {
        var open = _tpm.Next("open");
        for (byte i = 0; i < 3; i++)
        {
            Ask(i);
        }

        Ask(9);
        Assert.Contains("3 commands already wait", ExpectNotAttestable());

        Ask(4, TpmPriority.StopPhase);
        open.Answer(Done);
        Assert.Equal((byte)4, _tpm.Next("quote").Argument);
    }

    [Fact]
    public void Stopped_actor_leaves_nobody_waiting()
    {
        _tpm.Next("open").Answer(Done);
        Ask(1);
        _tpm.Next("quote");
        Ask(2);

        _actor.Tell(PoisonPill.Instance);

        ExpectNotAttestable();
        ExpectNotAttestable();
    }

    [Fact]
    public void Answer_to_a_call_from_before_a_restart_counts_for_nothing()
    {
        _tpm.Next("open").Answer(Done);
        _tpm.DisposeDoesNotWake = true;
        var supervised = ActorOfAsTestActorRef<Restarting>(Akka.Actor.Props.Create(() => new Restarting(TpmActor.Props(_tpm.Connect, Settings, Identity)))).UnderlyingActor.Child;
        _tpm.Next("open").Answer(Done);
        supervised.Tell(new TpmCommands.Quote([1]), TestActor);
        var old = _tpm.Next("quote");
        supervised.Tell(Kill.Instance);
        ExpectNotAttestable();
        var open = _tpm.Next("open");
        supervised.Tell(new TpmCommands.Quote([2]), TestActor);

        old.Answer(Quote);

        ExpectNoMsg(TimeSpan.FromMilliseconds(100));
        Assert.Empty(_tpm.Calls);
        open.Answer(Done);
        Assert.Equal((byte)2, _tpm.Next("quote").Argument);
    }

    /// <summary>Restarts its child whatever happens, as the node's supervisor does.</summary>
    private sealed class Restarting(Props child) : UntypedActor
    {
        public IActorRef Child { get; private set; } = ActorRefs.Nobody;

        protected override void PreStart() => Child = Context.ActorOf(child);

        protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Restart);

        protected override void OnReceive(object message) => Unhandled(message);
    }

    [Fact]
    public void Quote_service_asks_for_the_bindings_qualifying_data()
    {
        var binding = new AttestationBinding(
            AttestationRole.Source, new byte[32], new byte[32], new byte[32], new byte[32],
            Contracts.AttemptId.New(), new Contracts.ContainerName("c"), new Contracts.Fence(1, 1), new byte[32]);

        new QuoteService(TestActor).Quote(binding, TpmPriority.StopPhase, TestActor);

        var asked = ExpectMsg<TpmCommands.Quote>();
        Assert.Equal((TpmPriority.StopPhase, Convert.ToHexString(binding.QualifyingData())), (asked.Priority, Convert.ToHexString(asked.QualifyingData)));
    }
}
