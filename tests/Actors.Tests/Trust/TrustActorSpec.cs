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
    private readonly ContainerLeases _leases = new();
    private readonly ConcurrentDictionary<HostName, FakeJudgements> _kept = [];
    private readonly ConcurrentDictionary<TestProbe, List<object>> _heard = [];
    private UntrustedAction _action = UntrustedAction.Stop;
    private HostName? _seesOnly;

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

        await LookAsync(() => _boards.Values.All(b => b.IsDistrusted(A) && b.IsLandslide));
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

        await LookAsync(() => _boards[A].IsDistrusted(A) && (action == UntrustedAction.Leave || _boards[A].IsEvacuated(A)));
        await LookAsync(() => true, looks: 40);
        Assert.Equal(Tree.Running, _host.Tree);
    }

    [Fact]
    public async Task A_container_in_a_move_is_left_to_its_attempt()
    {
        _leases.TryTake(TwoHosts.Container, "an attempt");
        _pcr7[A] = 1;
        Start(A, B, C);

        await LookAsync(() => _boards[A].IsStopped(A));
        await LookAsync(() => true, looks: 5);
        Assert.Equal(Tree.Running, _host.Tree);

        _leases.Return(TwoHosts.Container, "an attempt");
        await LookAsync(() => _host.Tree == Tree.Frozen);

        // Nor is it let go while one is busy with it, which may have frozen it.
        _leases.TryTake(TwoHosts.Container, "an attempt");
        _pcr7[A] = 0;
        await LookAsync(() => _boards[A].Board.Of(A) == HostTrust.Proved);
        await LookAsync(() => true, looks: 5);
        Assert.Equal(Tree.Frozen, _host.Tree);
        _leases.Return(TwoHosts.Container, "an attempt");
        await LookAsync(() => _host.Tree == Tree.Running);
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
        var holds = new ContainerHolds(another, new ContainerLeases());
        Assert.Empty((await holds.LookAsync(isStopped: false, mayGoOn: true)).Done);
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
        var (leases, holds) = (new ContainerLeases(), default(ContainerHolds));
        holds = new ContainerHolds(_host, leases);

        Assert.Equal(["container c1 cannot be frozen"], (await holds.LookAsync(isStopped: true, mayGoOn: false)).Troubles);
        _host.CannotFreeze = false;
        Assert.Single((await holds.LookAsync(isStopped: true, mayGoOn: false)).Done);
        Assert.Equal(Tree.Frozen, _host.Tree);

        _host.CannotFreeze = true;
        Assert.Equal(["container c1 cannot be let go"], (await holds.LookAsync(isStopped: false, mayGoOn: true)).Troubles);
        _host.CannotFreeze = false;
        Assert.Single((await holds.LookAsync(isStopped: false, mayGoOn: true)).Done);
        Assert.Equal(Tree.Running, _host.Tree);
        Assert.True(leases.TryTake(TwoHosts.Container, "another"));
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
        var away = new HostName("away");
        _trustOf[away] = CreateTestProbe();
        await LookAsync(() => true, looks: 40);
        _trustOf.TryRemove(away, out _);

        await LookAsync(() => _boards[B].Board.Of(A) == HostTrust.Unproved);
        Assert.Equal(HostTrust.Unknown, _boards[B].Board.Of(away));
    }

    [Fact]
    public async Task Evidence_of_another_host_is_rejected()
    {
        Start(B, C);
        var thief = CreateTestProbe();
        _trustOf[A] = thief;
        await LookAsync(() => thief.HasMessages);
        var honest = await QuoteOfAsync(C);
        thief.SetAutoPilot(new DelegateAutoPilot((_, message) =>
        {
            // It has another, honest host's TPM quote for it.
            if (message is ProveHost prove)
            {
                honest(prove).ContinueWith(t => _trustOf[prove.By].Tell(t.Result with { Host = A }, TestActor), TaskScheduler.Default);
            }

            return AutoPilot.KeepRunning;
        }));

        await LookAsync(() => _boards[B].IsDistrusted(A));
        Assert.Contains("rule WrongHost", _boards[B].Board.Against(A), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_replayed_proof_is_rejected()
    {
        Start(B, C);
        var parrot = CreateTestProbe();
        _trustOf[A] = parrot;
        var own = Sys.ActorOf(_quotes.Tpm(A, static () => 0));
        HostProof? old = null;
        parrot.SetAutoPilot(new DelegateAutoPilot((_, message) =>
        {
            if (message is ProveHost prove)
            {
                old ??= ProofOf(A, prove, own).GetAwaiter().GetResult();
                _trustOf[prove.By].Tell(old with { Question = prove.Nonce }, TestActor);
            }

            return AutoPilot.KeepRunning;
        }));

        await LookAsync(() => _boards[B].IsDistrusted(A));
        Assert.Contains("rule WrongBinding", _boards[B].Board.Against(A), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_TPM_that_was_reset_less_often_than_before_is_rejected()
    {
        _quotes.Resets[A] = 5;
        Start(A, B, C);
        await LookAsync(() => _boards[B].Board.Of(A) == HostTrust.Proved);

        _quotes.Resets[A] = 4;

        await LookAsync(() => _boards[B].IsDistrusted(A));
        Assert.Contains("rule CountersWentBack", _boards[B].Board.Against(A), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Evidence_that_comes_too_late_says_nothing_of_its_host()
    {
        _quotes.Policy = _quotes.Policy with { MaxEvidenceAge = TimeSpan.FromSeconds(5) };
        Start(B, C);
        var own = Sys.ActorOf(_quotes.Tpm(A, static () => 0));
        var asked = new ConcurrentQueue<(ProveHost Question, DateTimeOffset At)>();
        var slow = CreateTestProbe();
        slow.SetAutoPilot(new DelegateAutoPilot((_, message) =>
        {
            if (message is ProveHost prove)
            {
                asked.Enqueue((prove, _clock.GetUtcNow()));
            }

            return AutoPilot.KeepRunning;
        }));
        _trustOf[A] = slow;

        // Within the patience of a question, and each time a second longer than a quote may be old: closed for that, and never more.
        for (var look = 0; _boards[B].Board.Of(A) != HostTrust.Unproved; look++)
        {
            Assert.True(look < 120, $"{_boards[B].Board.Of(A)}: {_boards[B].Board.Against(A)}");
            while (asked.TryPeek(out var first) && _clock.GetUtcNow() - first.At >= TimeSpan.FromSeconds(6) && asked.TryDequeue(out first))
            {
                _trustOf[first.Question.By].Tell(await ProofOf(A, first.Question, own), TestActor);
            }

            await LookAsync(() => !_boards[B].IsDistrusted(A), looks: 1);
        }

        Assert.Contains("rule EvidenceTooOld", _boards[B].Board.Against(A), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_voter_that_has_just_started_says_nothing_before_it_has_asked_everybody()
    {
        var (b, c) = (CreateTestProbe(), CreateTestProbe());
        (_trustOf[B], _trustOf[C]) = (b, c);
        Start(A);

        // It has proved itself to itself long since; nobody else answers.
        await LookAsync(() => true, looks: (int)TrustSettings.ProofPatience.TotalSeconds - 1);
        Assert.Contains(Heard(b), m => m is ProveHost);
        Assert.DoesNotContain(Heard(b), m => m is TrustWord);

        await LookAsync(() => Heard(b).OfType<TrustWord>().Any(w => w.Proved.Contains(A)));
    }

    [Fact]
    public async Task Nobody_answers_for_another_host()
    {
        Start(A, B, C);
        await LookAsync(() => _boards[B].Board.Of(A) == HostTrust.Proved);
        for (var look = 0; look < 30; look++)
        {
            var junk = new Evidence(EvidenceKind.Tpm2Quote, [1], [1], [], [1], []);
            _trustOf[B].Tell(new HostProof(A, AttestationBinding.NewNonce(), AttestationBinding.NewNonce(), junk), TestActor);
            _trustOf[B].Tell(new HostProof(A, null!, null!, null!), TestActor);
            _trustOf[C].Tell(new ProofImpossible(A, AttestationBinding.NewNonce(), "no"), TestActor);
            await LookAsync(() => true, looks: 1);
        }

        Assert.Equal((HostTrust.Proved, ""), (_boards[B].Board.Of(A), _boards[B].Board.Against(A)));
    }

    [Fact]
    public async Task Nobody_who_does_not_know_the_question_answers_it()
    {
        Start(B, C);
        var slow = CreateTestProbe();
        slow.SetAutoPilot(new DelegateAutoPilot((_, message) =>
        {
            // The host itself is slow; whoever sees that it is asked is not.
            if (message is ProveHost prove)
            {
                _trustOf[prove.By].Tell(new HostProof(A, AttestationBinding.NewNonce(), AttestationBinding.NewNonce(), new Evidence(EvidenceKind.Tpm2Quote, [1], [1], [], [1], [])), TestActor);
            }

            return AutoPilot.KeepRunning;
        }));
        _trustOf[A] = slow;

        await LookAsync(() => _boards[B].Board.Of(A) == HostTrust.Unproved);
        Assert.Contains("did not answer", _boards[B].Board.Against(A), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_voters_are_answered_and_only_at_their_own_address()
    {
        Start(A);
        var (b, stranger) = (CreateTestProbe(), CreateTestProbe());
        _trustOf[B] = b;
        _trustOf[new HostName("x")] = stranger;
        ProveHost Signed(HostName by, HostName signer, HostName host)
        {
            var question = new ProveHost(by, host, AttestationBinding.NewNonce(), _quotes.Policy.Digest(), [7], []);
            return question with { Signature = new FakeSigner(signer).Sign(question.SignedBytes()) };
        }

        ProveHost[] refused = [Signed(new HostName("x"), new HostName("x"), A), Signed(B, C, A), Signed(B, B, C), Signed(B, B, A) with { Nonce = new byte[32] }, Signed(B, B, A) with { Nonce = null! }, Signed(B, B, A) with { Pcrs = [99] }];
        foreach (var question in refused)
        {
            _trustOf[A].Tell(question, stranger);
        }

        var asked = Signed(B, B, A);
        _trustOf[A].Tell(asked, stranger);

        // Its questions, and the words that a voter tells, come to b as well.
        var proof = (HostProof)b.FishForMessage(m => m is HostProof or ProofImpossible, TimeSpan.FromSeconds(20));
        Assert.Equal(asked.Nonce, proof.Question);
        await Task.Delay(200);
        Assert.DoesNotContain(stranger.ReceiveWhile<object>(m => m, TimeSpan.FromMilliseconds(50)), m => m is HostProof or ProofImpossible);
        Assert.DoesNotContain(b.ReceiveWhile<object>(m => m, TimeSpan.FromMilliseconds(50)), m => m is HostProof or ProofImpossible);
    }

    [Fact]
    public async Task A_host_quotes_what_the_voter_wants_to_see()
    {
        // The voters' policy has one more PCR than the host knows of: what it knows of does not matter.
        Start(A, B, C);
        _quotes.Asked.Clear();
        await LookAsync(() => _boards[B].Board.Of(A) == HostTrust.Proved);

        Assert.All(_quotes.Asked, pcrs => Assert.Equal((int[])[7], pcrs!));
        Assert.NotEmpty(_quotes.Asked);
    }

    [Fact]
    public async Task What_a_voter_has_found_out_outlives_its_daemon()
    {
        _pcr7[A] = 1;
        Start(A, B, C);
        await LookAsync(() => _boards[B].IsDistrusted(A));
        Assert.Contains(_kept[B].Judged, j => j.Host == A && j.Trust == HostTrust.Rejected);

        // It has nothing to say any more, and all voters' daemons are started anew.
        _trustOf[A] = CreateTestProbe();
        await RestartAsync(B);
        await RestartAsync(C);

        await LookAsync(() => _boards[B].IsDistrusted(A));
        Assert.Equal("", _boards[B].Board.Against(B));
    }

    [Fact]
    public async Task A_voter_whose_actor_died_takes_nothing_back()
    {
        _pcr7[A] = 1;
        Start(A, B, C);
        await LookAsync(() => _boards[A].IsDistrusted(A));

        ((IActorRef)_trustOf[B]).Tell(Kill.Instance);
        ((IActorRef)_trustOf[C]).Tell(Kill.Instance);
        for (var look = 0; look < 20; look++)
        {
            await LookAsync(() => _boards[A].IsDistrusted(A), looks: 1);
        }
    }

    [Fact]
    public async Task Judgements_that_cannot_be_kept_hold_all_the_same()
    {
        _pcr7[A] = 1;
        Start(A, B, C);
        _kept[B].IsFull = true;

        await LookAsync(() => _boards[B].IsDistrusted(A));
        Assert.DoesNotContain(_kept[B].Judged, j => j.Trust == HostTrust.Rejected);
        _kept[B].IsFull = false;
        await LookAsync(() => _kept[B].Judged.Any(j => j.Trust == HostTrust.Rejected));
    }

    [Fact]
    public async Task A_wrong_policy_that_rejects_one_host_after_the_other_stops_none_of_them()
    {
        Start(A, B, C);
        await LookAsync(() => _boards[A].Board.Of(A) == HostTrust.Proved && _boards[A].Board.Of(B) == HostTrust.Proved);

        // As the questions come at different moments.
        _pcr7[A] = 1;
        await LookAsync(() => _boards[A].IsDistrusted(A));
        (_pcr7[B], _pcr7[C]) = (1, 1);
        await LookAsync(() => _boards[A].IsLandslide);
        await LookAsync(() => true, looks: 60);
        Assert.Equal((Tree.Running, 0), (_host.Tree, _host.Holds));
    }

    [Fact]
    public async Task A_daemon_that_has_just_started_and_sees_nobody_yet_takes_its_own_rejection_for_no_landslide()
    {
        _pcr7[A] = 1;
        Start(A, B, C);
        await LookAsync(() => _host.Tree == Tree.Frozen);

        // One of its peers reaches it, and it knows none of them by name yet.
        await ((IActorRef)_trustOf[C]).GracefulStop(TimeSpan.FromSeconds(10));
        _seesOnly = A;
        await RestartAsync(A);
        await LookAsync(() => _boards[A].Board.Against(A).Length > 0);
        for (var look = 0; look < 40; look++)
        {
            await LookAsync(() => _host.Tree == Tree.Frozen, looks: 1);
        }

        // Then the other one, and what they say together.
        await RestartAsync(C);
        _seesOnly = null;
        await LookAsync(() => _boards[A].IsStopped(A));
        Assert.Equal((Tree.Frozen, false), (_host.Tree, _boards[A].IsLandslide));
    }

    [Fact]
    public async Task What_stands_goes_on_in_a_landslide()
    {
        _pcr7[A] = 1;
        Start(A, B, C);
        await LookAsync(() => _host.Tree == Tree.Frozen);

        (_pcr7[B], _pcr7[C]) = (1, 1);
        await LookAsync(() => _boards[A].IsLandslide && _host.Tree == Tree.Running);
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

        TrustWord Twice(HostName by, long atUnixMs)
        {
            var word = new TrustWord(by, atUnixMs, [], [new HostJudgement(A, HostTrust.Rejected, 1, "no"), new HostJudgement(A, HostTrust.Rejected, 1, "no")], []);
            return word with { Signature = new FakeSigner(by).Sign(word.SignedBytes()) };
        }

        var stale = at - (long)TrustActor.WordAge.TotalMilliseconds - 5000;
        TrustWord[] wrong =
        [
            Signed(B, C, at), Signed(C, B, at), Signed(B, B, stale), Signed(C, C, at + (at - stale)), Signed(new HostName("x"), new HostName("x"), at), Signed(A, A, at + 1), Signed(B, B, long.MinValue), Signed(B, B, long.MaxValue), Signed(C, C, 1L << 60),
            Twice(B, at), Twice(C, at),
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
        var kept = _kept.GetOrAdd(host, static _ => new FakeJudgements());
        var seat = TrustSeat.Open(kept, host == A ? _host : new FakeHost(host), _leases, _clock);
        var services = new TrustServices(
            new Members(host, _trustOf, () => _seesOnly == host), [A, B, C], new AttestationServices(tpm, () => _quotes.Policy, _quotes.Anchors, trust), new FakeSigner(host), Keys, seat, kept, Settings with { Action = _action }, _clock);
        // Its timer is that of the wall; the clock that it reads is the spec's.
        _trustOf[host] = Sys.ActorOf(TrustActor.Props(services));
    }

    private async Task RestartAsync(HostName host)
    {
        await ((IActorRef)_trustOf[host]).GracefulStop(TimeSpan.FromSeconds(10));
        Start(host);
    }

    /// <summary>A quote of a host's TPM about whatever it is asked.</summary>
    private async Task<Func<ProveHost, Task<HostProof>>> QuoteOfAsync(HostName host)
    {
        var tpm = Sys.ActorOf(_quotes.Tpm(host, static () => 0));
        await tpm.Ask<object>(new TpmCommands.Quote(new byte[32]), TimeSpan.FromSeconds(5));
        return prove => ProofOf(host, prove, tpm);
    }

    private static async Task<HostProof> ProofOf(HostName host, ProveHost prove, IActorRef tpm)
    {
        var nonce = AttestationBinding.NewNonce();
        var quoted = await tpm.Ask<TpmReplies.Quoted>(new TpmCommands.Quote(AttestationBinding.OfHost(nonce, prove.Nonce, prove.PolicyDigest).QualifyingData()), TimeSpan.FromSeconds(5));
        return new HostProof(host, prove.Nonce, nonce, quoted.Evidence);
    }

    /// <summary>What came to a host that only listens, from the start.</summary>
    private List<object> Heard(TestProbe at)
    {
        var heard = _heard.GetOrAdd(at, static _ => []);
        while (at.HasMessages)
        {
            heard.Add(at.ReceiveOne(TimeSpan.Zero));
        }

        return heard;
    }

    /// <summary>Time goes on by a second at a time, until it holds.</summary>
    private async Task LookAsync(Func<bool> holds, int looks = 0)
    {
        for (var look = 0; look < (looks == 0 ? 120 : looks); look++)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            foreach (var trust in _trustOf.Values)
            {
                trust.Tell(TrustActor.TickNow, ActorRefs.NoSender);
            }

            // Long enough for a question and its answer; what needs longer gets more looks.
            await Task.Delay(TimeSpan.FromMilliseconds(30));
            if (looks == 0 && holds())
            {
                return;
            }
        }

        Assert.True(holds(), $"after {looks} looks: {string.Join("; ", _boards.Select(b => $"{b.Key} has {string.Join(",", b.Value.Board.Hosts.Select(h => $"{h} {b.Value.Board.Of(h)} {b.Value.Board.Against(h)}"))}"))}; the container is {_host.Tree}");
    }

    private sealed class FakeJudgements : IJudgementStore
    {
        public bool IsFull { get; set; }

        public JudgedHost[] Judged { get; private set; } = [];

        public JudgedHost[] Load() => Judged;

        public void Keep(JudgedHost[] judged) => Judged = IsFull ? throw new AttemptException(MigrationFailure.Internal, "the disk is full") : judged;
    }

    private sealed class Members(HostName self, ConcurrentDictionary<HostName, ICanTell> trustOf, Func<bool> isAlone) : IPeers
    {
        public HostName Self => self;

        ImmutableArray<HostName> IPeers.Members => isAlone() ? [self] : [.. trustOf.Keys.OrderBy(h => h.Value, StringComparer.Ordinal)];

        public HostName? Oldest(Func<HostName, bool> may) => null;

        public ICanTell? Migrations(HostName host) => null;

        public ICanTell? Containers(HostName host) => null;

        public ICanTell? Doctor(HostName host) => null;

        public ICanTell? Load(HostName host) => null;

        public ICanTell? Trust(HostName host) => trustOf.GetValueOrDefault(host);

        public ICanTell? Balancer(HostName host) => null;
    }
}
