using System.Collections.Concurrent;
using System.Collections.Immutable;
using ActorMigration.Actors.Tests.Console;
using ActorMigration.Actors.Tests.Migrations;
using ActorMigration.Actors.Trust;
using ActorMigration.Contracts;
using ActorMigration.Contracts.Trust;
using ActorMigration.Simulator;
using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using Microsoft.Extensions.Time.Testing;

namespace ActorMigration.Actors.Tests.Trust;

/// <summary>Hosts that watch over each other, with production actors and verifier: a, b and c are the voters, a's containers are behind a fake.</summary>
public sealed class TrustActorSpec : TestKit
{
    private static readonly HostName A = new("a");
    private static readonly HostName B = new("b");
    private static readonly HostName C = new("c");
    private static readonly FakeKeys Keys = new();
    private static readonly TrustSettings Settings = new(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(30), UntrustedAction.Stop);

    /// <summary>The certificates of the test's authority are of today.</summary>
    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UtcNow);
    private readonly SoftwareQuotes _quotes = new();
    private readonly ConcurrentDictionary<HostName, byte> _pcr7 = [];
    private readonly ConcurrentDictionary<HostName, ICanTell> _trustOf = [];
    private readonly ConcurrentDictionary<HostName, ClusterTrust> _boards = [];
    private readonly FakeHost _host = new(A);
    private readonly ConcurrentDictionary<ContainerName, bool> _inMove = [];
    private UntrustedAction _action = UntrustedAction.Stop;

    public TrustActorSpec()
        : base("akka.loglevel = WARNING\nakka.stdout-loglevel = OFF")
    {
        _host.Place(FakeHost.Spec(TwoHosts.Container), new Fence(1, 0));
    }

    [Fact]
    public async Task Hosts_that_prove_themselves_are_proved_everywhere()
    {
        Start(A, B, C);

        await LookAsync(() => _boards.Values.All(b => b.Board.Of(A) == HostTrust.Proved && b.Board.Of(B) == HostTrust.Proved && b.Board.Of(C) == HostTrust.Proved));
        Assert.Equal(Tree.Running, _host.Tree);
    }

    [Fact]
    public async Task A_host_whose_measurements_change_is_distrusted_by_all_and_its_containers_stand_until_it_proves_itself_again()
    {
        Start(A, B, C);
        await LookAsync(() => _boards[B].Board.Of(A) == HostTrust.Proved);

        _pcr7[A] = 1;
        await LookAsync(() => _boards.Values.All(b => b.IsDistrusted(A)) && _host.Tree == Tree.Frozen);
        Assert.Contains("rule PcrValueNotAllowed", _boards[B].Board.Against(A), StringComparison.Ordinal);
        Assert.False(_boards[A].IsDistrusted(B));

        _pcr7[A] = 0;
        await LookAsync(() => _boards[A].Board.Of(A) == HostTrust.Proved && _host.Tree == Tree.Running);
        Assert.False(_host.IsHeld);
    }

    [Fact]
    public async Task A_policy_that_changes_holds_from_the_next_question_on()
    {
        Start(A, B, C);
        await LookAsync(() => _boards[B].Board.Of(A) == HostTrust.Proved);

        _quotes.Policy = _quotes.Policy with { Pcrs = _quotes.Policy.Pcrs.SetItem(7, [new string('1', 64)]) };

        await LookAsync(() => _boards.Values.All(b => b.IsDistrusted(A) && b.Board.IsLandslide));
        // Which is why nothing is stopped: all three hosts would be.
        Assert.Equal(Tree.Running, _host.Tree);
    }

    [Fact]
    public async Task A_key_that_is_revoked_is_not_believed_any_more()
    {
        Start(A, B, C);
        await LookAsync(() => _boards[B].Board.Of(A) == HostTrust.Proved);

        _quotes.Policy = _quotes.Policy with { Revoked = [_quotes.FingerprintOf(A)] };

        await LookAsync(() => _boards[C].IsDistrusted(A) && _host.Tree == Tree.Frozen);
        Assert.Contains("rule AkRevoked", _boards[C].Board.Against(A), StringComparison.Ordinal);
        Assert.False(_boards[C].IsDistrusted(B));
    }

    [Theory]
    [InlineData(UntrustedAction.Leave)]
    [InlineData(UntrustedAction.Evacuate)]
    public async Task Containers_stand_only_where_the_operator_wants_that(UntrustedAction action)
    {
        _action = action;
        _pcr7[A] = 1;
        Start(A, B, C);

        await LookAsync(() => _boards[A].IsDistrusted(A));
        await LookAsync(() => true, looks: 5);
        Assert.Equal(Tree.Running, _host.Tree);
    }

    [Fact]
    public async Task A_container_in_a_move_is_left_to_its_attempt()
    {
        _inMove[TwoHosts.Container] = true;
        _pcr7[A] = 1;
        Start(A, B, C);

        await LookAsync(() => _boards[A].IsDistrusted(A));
        await LookAsync(() => true, looks: 5);
        Assert.Equal(Tree.Running, _host.Tree);

        _inMove.Clear();
        await LookAsync(() => _host.Tree == Tree.Frozen);
    }

    [Fact]
    public async Task A_daemon_that_is_started_anew_lets_go_of_what_it_held_and_of_nothing_else()
    {
        await _host.HoldAsync(TwoHosts.Container);
        Start(A, B, C);
        await LookAsync(() => _host.Tree == Tree.Running);

        var another = new FakeHost(B);
        another.Place(FakeHost.Spec(TwoHosts.Container), new Fence(1, 0));
        another.Tree = Tree.Frozen;
        var holds = new ContainerHolds(another, static _ => false);
        Assert.Empty(await holds.LookAsync(isStopped: false, isProved: true));
        Assert.Equal(Tree.Frozen, another.Tree);
    }

    [Fact]
    public async Task What_stands_goes_on_standing_while_nobody_knows_better()
    {
        await _host.HoldAsync(TwoHosts.Container);
        Start(A);

        await LookAsync(() => true, looks: 5);

        // One voter of three is no majority.
        Assert.Equal(Tree.Frozen, _host.Tree);
    }

    [Fact]
    public async Task A_container_that_cannot_be_frozen_or_let_go_is_tried_again()
    {
        _host.CannotFreeze = true;
        var holds = new ContainerHolds(_host, static _ => false);

        Assert.Equal(["container c1 cannot be frozen"], await holds.LookAsync(isStopped: true, isProved: false));
        Assert.Empty(await holds.LookAsync(isStopped: true, isProved: false));
        _host.CannotFreeze = false;
        Assert.Single(await holds.LookAsync(isStopped: true, isProved: false));
        Assert.Equal(Tree.Frozen, _host.Tree);

        _host.CannotFreeze = true;
        Assert.Equal(["container c1 cannot be let go"], await holds.LookAsync(isStopped: false, isProved: true));
        _host.CannotFreeze = false;
        Assert.Single(await holds.LookAsync(isStopped: false, isProved: true));
        Assert.Equal(Tree.Running, _host.Tree);
    }

    [Fact]
    public async Task A_host_whose_TPM_does_not_answer_is_closed_after_a_while_and_not_distrusted()
    {
        var broken = CreateTestProbe();
        broken.SetAutoPilot(new DelegateAutoPilot((sender, message) =>
        {
            sender.Tell(new TpmReplies.NotAttestable("the chip is out of order"));
            return AutoPilot.KeepRunning;
        }));
        Start(B, C);
        Start(A, broken);

        await LookAsync(() => _boards[B].Board.Of(A) == HostTrust.Unproved);
        Assert.Equal(Tree.Running, _host.Tree);
        Assert.Contains("the chip is out of order", _boards[B].WhyTakesNothing(A), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reachable_host_that_does_not_answer_is_closed_and_one_that_is_away_is_not()
    {
        Start(B, C);
        _trustOf[A] = CreateTestProbe();
        await LookAsync(() => _boards[B].Board.Of(A) == HostTrust.Unproved, looks: 120);

        var away = new HostName("away");
        await LookAsync(() => true, looks: 60);
        Assert.Equal(HostTrust.Unknown, _boards[B].Board.Of(away));
    }

    [Fact]
    public async Task Evidence_of_another_host_or_nonce_is_rejected()
    {
        Start(B, C);
        var thief = CreateTestProbe();
        thief.SetAutoPilot(new DelegateAutoPilot((sender, message) =>
        {
            // It hands its question on to an honest host, and that one's answer back as its own.
            if (message is ProveHost prove)
            {
                _trustOf[C].Ask<object>(prove, TimeSpan.FromSeconds(5)).ContinueWith(t => t.Result is HostProof proof ? proof with { Host = A } : t.Result, TaskScheduler.Default).PipeTo(sender);
            }

            return AutoPilot.KeepRunning;
        }));
        _trustOf[A] = thief;

        await LookAsync(() => _boards[B].IsDistrusted(A));
        Assert.Contains("rule WrongHost", _boards[B].Board.Against(A), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_replayed_proof_is_rejected()
    {
        Start(A, B, C);
        var old = await _trustOf[A].Ask<HostProof>(new ProveHost(AttestationBinding.NewNonce(), _quotes.Policy.Digest()), TimeSpan.FromSeconds(5));
        var parrot = CreateTestProbe();
        parrot.SetAutoPilot(new DelegateAutoPilot((sender, message) =>
        {
            if (message is ProveHost)
            {
                sender.Tell(old);
            }

            return AutoPilot.KeepRunning;
        }));
        _trustOf[A] = parrot;

        await LookAsync(() => _boards[B].IsDistrusted(A));
        Assert.Contains("rule WrongBinding", _boards[B].Board.Against(A), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_word_that_is_not_signed_by_its_voter_or_is_old_or_of_no_voter_does_not_count()
    {
        Start(A);
        var at = _clock.GetUtcNow().ToUnixTimeMilliseconds();
        TrustWord Signed(HostName by, HostName signer, long atUnixMs)
        {
            var word = new TrustWord(by, atUnixMs, [], [new HostJudgement(A, HostTrust.Rejected, 1, "no")], []);
            return word with { Signature = new FakeSigner(signer).Sign(word.SignedBytes()) };
        }

        var stale = at - (long)TrustActor.WordAge.TotalMilliseconds - 5000;
        TrustWord[] wrong =
        [
            Signed(B, C, at), Signed(C, B, at), Signed(B, B, stale), Signed(C, C, at + (at - stale)), Signed(new HostName("x"), new HostName("x"), at), Signed(A, A, at + 1),
            Signed(B, B, at) with { AtUnixMs = at + 1 }, Signed(B, B, at) with { Others = null! }, Signed(C, C, at) with { Others = [null!] },
            Signed(C, C, at) with { Proved = [default] }, Signed(C, C, at) with { Proved = [new HostName("Not A Name")] }, Signed(C, C, at) with { Others = [new HostJudgement(default, HostTrust.Rejected, 1, "no")] },
        ];
        foreach (var word in wrong)
        {
            _trustOf[A].Tell(word, TestActor);
        }

        await LookAsync(() => true, looks: 2);
        Assert.Equal("", _boards[A].Board.Against(A));

        _trustOf[A].Tell(Signed(B, B, at), TestActor);
        _trustOf[A].Tell(Signed(C, C, at), TestActor);
        await LookAsync(() => _boards[A].IsDistrusted(A));
    }

    [Fact]
    public async Task A_question_without_a_nonce_is_refused()
    {
        Start(A);

        Assert.IsType<ProofImpossible>(await _trustOf[A].Ask<object>(new ProveHost([], _quotes.Policy.Digest()), TimeSpan.FromSeconds(5)));
        Assert.IsType<ProofImpossible>(await _trustOf[A].Ask<object>(new ProveHost(null!, null!), TimeSpan.FromSeconds(5)));
    }

    [Fact]
    public async Task A_member_that_has_come_hears_within_an_interval_what_the_voters_say()
    {
        Start(A, B, C);
        await LookAsync(() => _boards[B].Board.Of(A) == HostTrust.Proved);
        var late = new HostName("late");

        Start(late);

        await LookAsync(() => _boards[late].Board.Of(A) == HostTrust.Proved && _boards[late].Board.Of(late) == HostTrust.Proved);
    }

    private void Start(params HostName[] hosts)
    {
        foreach (var host in hosts)
        {
            Start(host, Sys.ActorOf(_quotes.Tpm(host, () => _pcr7.GetValueOrDefault(host))));
        }
    }

    private void Start(HostName host, IActorRef tpm)
    {
        var trust = _boards[host] = new ClusterTrust(new TrustBoard([A, B, C]), _action);
        var services = new TrustServices(
            new Members(host, _trustOf), [A, B, C], new AttestationServices(tpm, () => _quotes.Policy, _quotes.Anchors, trust), new FakeSigner(host), Keys, host == A ? _host : new FakeHost(host),
            container => _inMove.ContainsKey(container), Settings with { Action = _action }, _clock);
        // Its timer is that of the wall; the clock that it reads is the spec's.
        _trustOf[host] = Sys.ActorOf(TrustActor.Props(services), $"trust-{host}");
    }

    /// <summary>Time goes on by a second at a time, until it holds.</summary>
    private async Task LookAsync(Func<bool> holds, int looks = 60)
    {
        for (var look = 0; look < looks; look++)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            foreach (var trust in _trustOf.Values)
            {
                trust.Tell(TrustActor.TickNow, ActorRefs.NoSender);
            }

            // Long enough for a question and its answer; what needs longer gets more looks.
            await Task.Delay(TimeSpan.FromMilliseconds(30));
            if (looks == 60 && holds())
            {
                return;
            }
        }

        Assert.True(holds(), $"after {looks} looks: {string.Join("; ", _boards.Select(b => $"{b.Key} has {string.Join(",", b.Value.Board.Hosts.Select(h => $"{h} {b.Value.Board.Of(h)} {b.Value.Board.Against(h)}"))}"))}; the container is {_host.Tree}");
    }

    private sealed class Members(HostName self, ConcurrentDictionary<HostName, ICanTell> trustOf) : IPeers
    {
        public HostName Self => self;

        ImmutableArray<HostName> IPeers.Members => [.. trustOf.Keys.OrderBy(h => h.Value, StringComparer.Ordinal)];

        public HostName? Oldest(Func<HostName, bool> may) => null;

        public ICanTell? Migrations(HostName host) => null;

        public ICanTell? Containers(HostName host) => null;

        public ICanTell? Doctor(HostName host) => null;

        public ICanTell? Load(HostName host) => null;

        public ICanTell? Trust(HostName host) => trustOf.GetValueOrDefault(host);

        public ICanTell? Balancer(HostName host) => null;
    }
}
