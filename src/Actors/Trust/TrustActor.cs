using ActorMigration.Actors.Trust.Verification;
using ActorMigration.Contracts;
using ActorMigration.Contracts.Trust;
using Akka.Actor;
using Akka.Event;

namespace ActorMigration.Actors.Trust;

/// <summary>
/// Watches over hosts (/user/node/trust). Every host has one: it proves this host to the voters that ask, keeps what their words come to in <see cref="ClusterTrust"/>, and lets this host's containers stand while a majority rejects the host
/// (<see cref="ContainerHolds"/>). On the host of a voter it also asks all members to prove themselves, judges them (<see cref="TrustJudge"/>) and tells all members.
///
/// Supervision: restarted by the node. Judgements and words are lost and made or told anew within an interval; containers that stand go on standing until a majority has accepted this host's evidence again.
/// </summary>
public sealed class TrustActor : UntypedActor, IWithTimers
{
    /// <summary>How often it looks whom to ask and what to do.</summary>
    public static readonly TimeSpan TickEvery = TimeSpan.FromSeconds(1);

    /// <summary>Longest wait for one host's proof: its TPM's own deadline, and the way.</summary>
    public static readonly TimeSpan ProofPatience = TimeSpan.FromSeconds(15);

    /// <summary>A word may be so old, or so far ahead, by this host's clock: older ones could be repeated by a host that has kept them.</summary>
    public static readonly TimeSpan WordAge = TimeSpan.FromMinutes(10);

    /// <summary>Questions under way at once: a thousand hosts are asked within an interval, and not in one moment.</summary>
    private const int MostQuestions = 32;

    /// <summary>Different sentences about words that do not count, in the log; a peer could make up any number of them.</summary>
    private const int MostComplaints = 50;

    /// <summary>Proofs under way on this host: as many as there are voters, and some that a voter has given up.</summary>
    private const int MostProofs = 16;

    private readonly TrustServices _services;
    private readonly ContainerHolds _holds;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly HashSet<HostName> _asked = [];
    private readonly HashSet<string> _complained = new(StringComparer.Ordinal);
    private readonly long _started;
    private TrustJudge _judge = TrustJudge.New;
    private TrustWord? _word;
    private TimeSpan? _toldAt;
    private int _proofs;
    private bool _isHolding;

    public TrustActor(TrustServices services)
    {
        _services = services;
        _holds = new ContainerHolds(services.Runtime, services.IsInMove);
        _started = services.Clock.GetTimestamp();
    }

    /// <summary>What the clock tells it; for specs that do not wait for the clock.</summary>
    internal static object TickNow => Tick.Instance;

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(TrustServices services) => Akka.Actor.Props.Create(() => new TrustActor(services));

    private HostName Here => _services.Peers.Self;

    private ClusterTrust Trust => _services.Attestation.Trust;

    private bool Judges => Array.IndexOf(_services.Voters, Here) >= 0;

    private TimeSpan Now => _services.Clock.GetElapsedTime(_started);

    private long NowUnixMs => _services.Clock.GetUtcNow().ToUnixTimeMilliseconds();

    protected override void PreStart() => Timers.StartPeriodicTimer(nameof(Tick), Tick.Instance, TickEvery);

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Tick:
                OnTick();
                break;
            case ProveHost prove:
                Prove(prove, Sender);
                break;
            case Quoted quoted:
                _proofs--;
                quoted.Asker.Tell(quoted.Answer);
                break;
            case Answered answered:
                _asked.Remove(answered.Host);
                Judge(answered);
                break;
            case TrustWord word:
                Hear(word);
                break;
            case Held held:
                OnHeld(held);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void OnTick()
    {
        if (Judges)
        {
            var members = _services.Peers.Members;
            _judge = _judge.Seen(members);
            foreach (var host in _judge.Due(members, Now, _services.Settings.Interval).Where(h => !_asked.Contains(h)).Take(MostQuestions - _asked.Count))
            {
                Ask(host);
            }

            Say();
        }

        if (!_isHolding)
        {
            _isHolding = true;
            _holds.LookAsync(Trust.IsStopped(Here), Trust.Board.Of(Here) == HostTrust.Proved).PipeTo(Self, Self, sentences => new Held(sentences, ""), e => new Held([], e.GetBaseException().Message));
        }
    }

    private void Ask(HostName host)
    {
        _asked.Add(host);
        _judge = _judge.Asked(host, Now);
        var (nonce, policy, at) = (AttestationBinding.NewNonce(), _services.Attestation.Policy, new SteadyClock(_services.Clock));
        var challengedAt = at.GetUtcNow();
        AskAsync(_services.Peers.Trust(host), new ProveHost(nonce, policy.Digest()), _services.Clock)
            .PipeTo(Self, Self, answer => new Answered(host, nonce, policy, challengedAt, at.GetUtcNow(), answer), e => new Answered(host, nonce, policy, challengedAt, at.GetUtcNow(), e));
    }

    private static async Task<object?> AskAsync(ICanTell? trust, ProveHost question, TimeProvider clock)
    {
        using var patience = new CancellationTokenSource(ProofPatience, clock);
        try
        {
            return trust is null ? null : await trust.Ask<object>(question, timeout: null, patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    private void Judge(Answered answered)
    {
        var host = answered.Host;
        switch (answered.Answer)
        {
            case HostProof { Nonce.Length: AttestationBinding.NonceBytes, Evidence: not null } proof:
                var expected = new QuoteExpectation(
                    host, AttestationBinding.OfHost(proof.Nonce, answered.Nonce, answered.Policy.Digest()), answered.ChallengedAt, _judge.CountersOf(host));
                Judge(host, AttestationVerifier.Verify(proof.Evidence, expected, answered.Policy, _services.Attestation.Anchors, answered.At));
                break;
            case HostProof:
                Reject(host, $"evidence of host {host} has no nonce of its own, or is not there (rule {AttestationRule.Malformed})");
                break;
            case ProofImpossible no:
                Fail(host, $"host {host} cannot prove what it is: {no.Sentence}");
                break;
            case null when !_services.Peers.Members.Contains(host):
                break;
            case null:
                Fail(host, $"host {host} did not answer when it was asked to prove what it is");
                break;
            case var other:
                Fail(host, $"host {host} answered with a {other.GetType().Name} when it was asked to prove what it is");
                break;
        }
    }

    private void Judge(HostName host, AttestationVerdict verdict)
    {
        switch (verdict)
        {
            case AttestationVerdict.Accepted { Facts: var facts }:
                _judge = _judge.Accepted(host, facts.Counters, "", NowUnixMs);
                break;
            case AttestationVerdict.Rejected { Rule: AttestationRule.EvidenceTooOld or AttestationRule.UnknownKind } late:
                // Its TPM, this daemon or the way was slow; or it speaks of what this version does not know. Neither says anything of the host.
                Fail(host, $"{late.Sentence} (rule {late.Rule})");
                break;
            case AttestationVerdict.Rejected rejected:
                Reject(host, $"{rejected.Sentence} (rule {rejected.Rule})");
                break;
        }
    }

    private void Reject(HostName host, string sentence) => _judge = _judge.Rejected(host, sentence, NowUnixMs);

    private void Fail(HostName host, string sentence) => _judge = _judge.Failed(host, sentence, Now, _services.Settings.Patience, NowUnixMs);

    /// <summary>When anything has changed, and from time to time for those that have come since.</summary>
    private void Say()
    {
        var members = _services.Peers.Members;
        var word = _judge.Word(Here, members, NextAt());
        if (_toldAt is { } at && Now - at < _services.Settings.Interval && IsSame(word, _word!))
        {
            return;
        }

        _word = word with { Signature = _services.Signer.Sign(word.SignedBytes()) };
        _toldAt = Now;
        Put(_word);
        foreach (var member in members.Where(m => m != Here))
        {
            _services.Peers.Trust(member)?.Tell(_word, Self);
        }
    }

    /// <summary>Later than the last one; but where that was of a clock that has been put right since, nobody with a right clock has taken it.</summary>
    private long NextAt()
    {
        var (now, last) = (NowUnixMs, _word?.AtUnixMs ?? 0);
        return last - now > WordAge.TotalMilliseconds ? now : Math.Max(now, last + 1);
    }

    private static bool IsSame(TrustWord one, TrustWord other)
        => one.Proved.AsSpan().SequenceEqual(other.Proved) && one.Others.Select(o => (o.Host, o.Trust, o.SinceUnixMs)).SequenceEqual(other.Others.Select(o => (o.Host, o.Trust, o.SinceUnixMs)));

    /// <summary>A word off the wire; its parts may be missing whatever their types say.</summary>
    private void Hear(TrustWord word)
    {
        if (word is not { Proved: not null, Others: not null, Signature: not null }
            || !Array.TrueForAll(word.Proved, h => HostName.IsValid(h.Value)) || !Array.TrueForAll(word.Others, o => o is { Sentence: not null } && HostName.IsValid(o.Host.Value)))
        {
            ComplainOnce($"A word on trust of host {word.By} has a part missing; it does not count");
        }
        else if (word.By == Here || Array.IndexOf(_services.Voters, word.By) < 0)
        {
            ComplainOnce($"A word on trust came in the name of host {word.By}, which is {(word.By == Here ? "this one" : "no voter")}; it does not count");
        }
        else if (Math.Abs(NowUnixMs - word.AtUnixMs) > WordAge.TotalMilliseconds)
        {
            ComplainOnce($"A word on trust of voter {word.By} is {TimeSpan.FromMilliseconds(Math.Abs(NowUnixMs - word.AtUnixMs)).TotalMinutes:0} minutes {(word.AtUnixMs < NowUnixMs ? "old" : "ahead")} and does not count: it is repeated by somebody, or the clock of one of the two hosts is wrong");
        }
        else if (!_services.Keys.Verify(word.By, word.SignedBytes(), word.Signature))
        {
            ComplainOnce($"A word on trust in the name of voter {word.By} is not signed by it; it does not count");
        }
        else
        {
            Put(word);
        }
    }

    private void Put(TrustWord word)
    {
        var (before, after) = (Trust.Board, Trust.Board.With(word, NowUnixMs + (long)WordAge.TotalMilliseconds));
        Trust.Board = after;
        foreach (var host in before.Hosts.Union(after.Hosts).Where(h => before.Of(h) != after.Of(h)))
        {
            Report(host, before.Of(host), after.Of(host));
        }

        if (after.IsLandslide && !before.IsLandslide)
        {
            _log.Error("More than half of all hosts are rejected by the voters: that is likelier a wrong policy.json at the voters than so many hosts. Nothing is stopped or moved for it; look at 'amig hosts'");
        }
    }

    private void Report(HostName host, HostTrust before, HostTrust after)
    {
        switch (after)
        {
            case HostTrust.Rejected:
                _log.Error("Host {0} is not trusted any more: {1}. It takes no containers; what it has is {2}", host, Trust.Board.Against(host), Trust.Board.IsLandslide ? "left alone, as more than half of all hosts are rejected" : Fate(Trust.Action));
                break;
            case HostTrust.Unproved:
                _log.Warning("Host {0} takes no containers: {1}", host, Trust.Board.Against(host));
                break;
            case HostTrust.Proved when before != HostTrust.Unknown:
                _log.Info("Host {0} has proved what it is again", host);
                break;
        }
    }

    private static string Fate(UntrustedAction action) => action switch
    {
        UntrustedAction.Stop => "frozen where it is, until the host has proved itself again",
        UntrustedAction.Evacuate => "moved away",
        _ => "left as it is",
    };

    private void ComplainOnce(string sentence)
    {
        if (_complained.Count < MostComplaints && _complained.Add(sentence))
        {
            _log.Warning(sentence);
        }
    }

    private void Prove(ProveHost question, IActorRef asker)
    {
        if (question is not { Nonce.Length: AttestationBinding.NonceBytes, PolicyDigest.Length: AttestationBinding.NonceBytes })
        {
            asker.Tell(new ProofImpossible(Here, "the question has no nonce, or names no policy"));
            return;
        }

        if (_proofs >= MostProofs)
        {
            asker.Tell(new ProofImpossible(Here, $"{_proofs} others have asked and not been answered yet"));
            return;
        }

        _proofs++;
        var nonce = AttestationBinding.NewNonce();
        QuoteAsync(_services.Attestation.Tpm, AttestationBinding.OfHost(nonce, question.Nonce, question.PolicyDigest)).PipeTo(
            Self, Self,
            answer => new Quoted(asker, answer switch
            {
                TpmReplies.Quoted quoted => new HostProof(Here, nonce, quoted.Evidence),
                TpmReplies.NotAttestable no => new ProofImpossible(Here, no.Reason),
                var other => new ProofImpossible(Here, $"its tpm actor answered with a {other.GetType().Name}"),
            }),
            e => new Quoted(asker, new ProofImpossible(Here, e.GetBaseException().Message)));
    }

    /// <summary>The tpm actor answers every command, by its own deadline at the latest; nobody waits for longer than the asker does.</summary>
    private static Task<object> QuoteAsync(ICanTell tpm, AttestationBinding binding) => tpm.Ask<object>(new TpmCommands.Quote(binding.QualifyingData()), ProofPatience);

    private void OnHeld(Held held)
    {
        _isHolding = false;
        if (held.Trouble.Length > 0)
        {
            ComplainOnce($"This host's containers cannot be looked at, and so neither stand nor go on as they should: {held.Trouble}");
        }

        foreach (var sentence in held.Sentences)
        {
            _log.Warning(sentence);
        }
    }

    /// <summary>Self-message: it is time to look.</summary>
    private sealed record Tick : INoSerializationVerificationNeeded
    {
        public static Tick Instance { get; } = new();
    }

    /// <summary>Self-message: this host's own proof, or why there is none.</summary>
    private sealed record Quoted(IActorRef Asker, IWire Answer) : INoSerializationVerificationNeeded;

    /// <summary>Self-message: what a host says to a question; null when it says nothing.</summary>
    private sealed record Answered(HostName Host, byte[] Nonce, AttestationPolicy Policy, DateTimeOffset ChallengedAt, DateTimeOffset At, object? Answer) : INoSerializationVerificationNeeded;

    /// <summary>Self-message: what was done to this host's containers, for the log, and why nothing could be; empty otherwise.</summary>
    private sealed record Held(string[] Sentences, string Trouble) : INoSerializationVerificationNeeded;
}
