using System.Collections.Immutable;
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
/// Supervision: restarted by the node. What it has judged outlives it (<see cref="TrustSeat"/>), as does what it has heard; questions under way are asked again.
/// </summary>
public sealed class TrustActor : UntypedActor, IWithTimers
{
    /// <summary>How often it looks whom to ask and what to do.</summary>
    public static readonly TimeSpan TickEvery = TimeSpan.FromSeconds(1);

    /// <summary>A word may be so old, or so far ahead, by this host's clock: older ones could be repeated by a host that has kept them.</summary>
    public static readonly TimeSpan WordAge = TimeSpan.FromMinutes(10);

    /// <summary>Questions under way at once: a thousand hosts are asked within an interval, and not in one moment.</summary>
    private const int MostQuestions = 32;

    /// <summary>Different sentences about what does not count, in the log; a peer could make up any number of them.</summary>
    private const int MostComplaints = 50;

    private readonly TrustServices _services;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Dictionary<HostName, Question> _asked = [];
    private readonly HashSet<HostName> _answering = [];
    private readonly Dictionary<HostName, TimeSpan> _rejectedSince = [];
    private readonly HashSet<string> _complained = new(StringComparer.Ordinal);
    private TimeSpan? _landslideSince;
    private TrustWord? _word;
    private TimeSpan? _toldAt;

    public TrustActor(TrustServices services) => _services = services;

    /// <summary>What the clock tells it; for specs that do not wait for the clock.</summary>
    internal static object TickNow => Tick.Instance;

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(TrustServices services) => Akka.Actor.Props.Create(() => new TrustActor(services));

    private HostName Here => _services.Peers.Self;

    private ClusterTrust Trust => _services.Attestation.Trust;

    private TrustJudge Judged
    {
        get => _services.Seat.Judge;
        set => _services.Seat.Judge = value;
    }

    private bool IsJudge => Array.IndexOf(_services.Voters, Here) >= 0;

    private TimeSpan Now => _services.Clock.GetElapsedTime(_services.Seat.Started);

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
                Prove(prove);
                break;
            case Quoted quoted when ReferenceEquals(quoted.By, this):
                _answering.Remove(quoted.Voter);
                _services.Peers.Trust(quoted.Voter)?.Tell(quoted.Answer, Self);
                break;
            case HostProof proof when AnsweredBy(proof.Host, proof.Question) is { } question:
                Judge(proof, question);
                break;
            case ProofImpossible no when AnsweredBy(no.Host, no.Question) is not null:
                Fail(no.Host, $"host {no.Host} cannot prove what it is: {no.Sentence}");
                break;
            case TrustWord word:
                Hear(word);
                break;
            case Held held:
                OnHeld(held.Outcome);
                break;
            case Hello:
                break;
            case Quoted or HostProof or ProofImpossible:
                // Of this actor before a restart; or of a question that was given up, or that nobody here has asked.
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void OnTick()
    {
        var members = _services.Peers.Members;
        if (IsJudge)
        {
            Judged = Judged.Seen(members);
            foreach (var late in _asked.Where(q => Now - q.Value.AskedAt > TrustSettings.ProofPatience).Select(q => q.Key).ToArray())
            {
                _asked.Remove(late);
                if (members.Contains(late))
                {
                    Fail(late, $"host {late} did not answer when it was asked to prove what it is");
                }
            }

            foreach (var host in Judged.Due(members, Now, _services.Settings.Interval).Where(h => !_asked.ContainsKey(h)).Take(MostQuestions - _asked.Count))
            {
                Ask(host);
            }

            Say(members);
            Keep();
        }

        Put(Trust.Board);
        _services.Seat.Holds.LookAsync(Trust.IsStopped(Here), Trust.MayGoOn(Here)).PipeTo(Self, Self, outcome => new Held(outcome), e => new Held(new HoldOutcome([], [e.GetBaseException().Message])));
    }

    private void Ask(HostName host)
    {
        var (policy, clock) = (_services.Attestation.Policy, new SteadyClock(_services.Clock));
        var question = _asked[host] = new Question(AttestationBinding.NewNonce(), policy, Now, clock, clock.GetUtcNow());
        Judged = Judged.Asked(host, Now);
        var unsigned = new ProveHost(Here, host, question.Nonce, policy.Digest(), policy.QuotedPcrs, []);
        _services.Peers.Trust(host)?.Tell(unsigned with { Signature = _services.Signer.Sign(unsigned.SignedBytes()) }, Self);
    }

    /// <summary>The question that a host answers; null when it was not asked, or answers another one. Its nonce is known to nobody else, so nobody else can answer for it.</summary>
    private Question? AnsweredBy(HostName host, byte[] nonce)
        => _asked.TryGetValue(host, out var question) && nonce is not null && question.Nonce.AsSpan().SequenceEqual(nonce) && _asked.Remove(host) ? question : null;

    private void Judge(HostProof proof, Question question)
    {
        var host = proof.Host;
        if (proof is not { Nonce.Length: AttestationBinding.NonceBytes, Evidence: not null })
        {
            Reject(host, $"evidence of host {host} has no nonce of its own, or is not there (rule {AttestationRule.Malformed})");
            return;
        }

        var expected = new QuoteExpectation(host, AttestationBinding.OfHost(proof.Nonce, question.Nonce, question.Policy.Digest()), question.ChallengedAt, Judged.CountersOf(host));
        switch (AttestationVerifier.Verify(proof.Evidence, expected, question.Policy, _services.Attestation.Anchors, question.Clock.GetUtcNow()))
        {
            case AttestationVerdict.Accepted { Facts: var facts }:
                Judged = Judged.Accepted(host, facts.Counters, "", NowUnixMs);
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

    private void Reject(HostName host, string sentence) => Judged = Judged.Rejected(host, sentence, NowUnixMs);

    private void Fail(HostName host, string sentence) => Judged = Judged.Failed(host, sentence, Now, _services.Settings.Patience, NowUnixMs);

    /// <summary>When anything has changed, and from time to time for those that have come since. Not before everybody has been asked: a daemon that has just started would take back what it said before; and not while it sees nobody but itself.</summary>
    private void Say(ImmutableArray<HostName> members)
    {
        if (members is [_] || (_word is null && !Judged.HasHeardOf(members) && Now < TrustSettings.ProofPatience + TickEvery))
        {
            return;
        }

        var word = Judged.Word(Here, members, NextAt());
        if (_toldAt is { } at && Now - at < _services.Settings.Interval && IsSame(word, _word!))
        {
            return;
        }

        _word = word with { Signature = _services.Signer.Sign(word.SignedBytes()) };
        _toldAt = Now;
        Put(Trust.Board.With(_word, Latest));
        foreach (var member in members.Where(m => m != Here))
        {
            _services.Peers.Trust(member)?.Tell(_word, Self);
        }
    }

    private long Latest => NowUnixMs + (long)WordAge.TotalMilliseconds;

    /// <summary>Later than the last one; but where that was of a clock that has been put right since, nobody with a right clock has taken it.</summary>
    private long NextAt()
    {
        var (now, last) = (NowUnixMs, _word?.AtUnixMs ?? 0);
        return last - now > WordAge.TotalMilliseconds ? now : Math.Max(now, last + 1);
    }

    private static bool IsSame(TrustWord one, TrustWord other)
        => one.Proved.AsSpan().SequenceEqual(other.Proved) && one.Others.Select(o => (o.Host, o.Trust, o.SinceUnixMs)).SequenceEqual(other.Others.Select(o => (o.Host, o.Trust, o.SinceUnixMs)));

    private void Keep()
    {
        if (!Judged.LastsOtherwiseThan(_services.Seat.Kept))
        {
            return;
        }

        try
        {
            _services.Store.Keep(Judged.Lasting);
            _services.Seat.Kept = Judged;
        }
        catch (AttemptException e)
        {
            Complain($"This voter's judgements cannot be kept, and are forgotten when its daemon ends: {e.Message}");
        }
    }

    /// <summary>A word off the wire: whatever it says, it may not get further than its voter could.</summary>
    private void Hear(TrustWord word)
    {
        if (Array.IndexOf(_services.Voters, word.By) < 0 || word.By == Here)
        {
            Complain("A word on trust came in the name of a host that is no other voter; it does not count");
        }
        else if (!word.IsWhole || !_services.Keys.Verify(word.By, word.SignedBytes(), word.Signature))
        {
            Complain($"A word on trust in the name of voter {word.By} has a part missing or twice, or is not signed by it; it does not count");
        }
        else if (word.AtUnixMs > Latest || word.AtUnixMs < NowUnixMs - (long)WordAge.TotalMilliseconds)
        {
            Complain($"A word on trust of voter {word.By} is more than {WordAge.TotalMinutes} minutes off and does not count: somebody repeats an old one, or the clock of one of the two hosts is wrong");
        }
        else
        {
            Put(Trust.Board.With(word, Latest));
        }
    }

    private void Put(TrustBoard after)
    {
        var before = Trust.Board;
        foreach (var host in after.Hosts.Union(before.Hosts))
        {
            if (after.Of(host) != HostTrust.Rejected)
            {
                _rejectedSince.Remove(host);
            }
            else
            {
                _rejectedSince.TryAdd(host, Now);
            }
        }

        _landslideSince = after.IsLandslide ? _landslideSince ?? Now : null;
        Trust.Put(after, [.. _rejectedSince.Where(r => IsSettled(r.Value)).Select(r => r.Key)], _landslideSince is { } since && IsSettled(since));
        foreach (var host in before.Hosts.Union(after.Hosts).Where(h => before.Of(h) != after.Of(h)))
        {
            Report(host, before.Of(host), after.Of(host));
        }

        if (after.IsLandslide && !before.IsLandslide)
        {
            _log.Error("More than half of all hosts are rejected by the voters: that is likelier a wrong policy.json at the voters than so many hosts. Nothing is stopped or moved for it, and what stood goes on; hosts take no containers. Look at 'amig hosts'");
        }
    }

    private bool IsSettled(TimeSpan since) => Now - since >= _services.Settings.Settling;

    private void Report(HostName host, HostTrust before, HostTrust after)
    {
        switch (after)
        {
            case HostTrust.Rejected:
                _log.Error("Host {0} is not trusted any more: {1}. It takes no containers; in {2} s, if that lasts and most hosts are trusted, what it has is {3}", host, Trust.Board.Against(host), (int)_services.Settings.Settling.TotalSeconds, Fate(Trust.Action));
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

    private void Complain(string sentence)
    {
        if (_complained.Count < MostComplaints && _complained.Add(sentence))
        {
            _log.Warning(sentence);
        }
    }

    /// <summary>The answer goes to the voter, whoever has sent the question; and a voter that asks again before it has its answer has to wait for that.</summary>
    private void Prove(ProveHost question)
    {
        if (!question.IsWhole || question.Host != Here || Array.IndexOf(_services.Voters, question.By) < 0 || !_services.Keys.Verify(question.By, question.SignedBytes(), question.Signature))
        {
            Complain("A question for a proof was not of a voter, or not for this host; it is not answered");
            return;
        }

        if (!_answering.Add(question.By))
        {
            return;
        }

        var (nonce, voter, asked, here) = (AttestationBinding.NewNonce(), question.By, question.Nonce, Here);
        QuoteAsync(_services.Attestation.Tpm, new TpmCommands.Quote(AttestationBinding.OfHost(nonce, asked, question.PolicyDigest).QualifyingData(), TpmPriority.Normal, question.Pcrs)).PipeTo(
            Self, Self,
            answer => new Quoted(this, voter, answer switch
            {
                TpmReplies.Quoted quoted => new HostProof(here, asked, nonce, quoted.Evidence),
                TpmReplies.NotAttestable no => new ProofImpossible(here, asked, no.Reason),
                var other => new ProofImpossible(here, asked, $"its tpm actor answered with a {other.GetType().Name}"),
            }),
            e => new Quoted(this, voter, new ProofImpossible(here, asked, e.GetBaseException().Message)));
    }

    /// <summary>The tpm actor answers every command, by its own deadline at the latest; nobody waits for longer than the voter does.</summary>
    private static Task<object> QuoteAsync(ICanTell tpm, TpmCommands.Quote quote) => tpm.Ask<object>(quote, TrustSettings.ProofPatience);

    private void OnHeld(HoldOutcome outcome)
    {
        foreach (var sentence in outcome.Done)
        {
            _log.Warning(sentence);
        }

        foreach (var trouble in outcome.Troubles)
        {
            Complain($"This host's containers do not all stand or go on as they should, which is tried again: {trouble}");
        }
    }

    /// <summary>Self-message: it is time to look.</summary>
    private sealed record Tick : INoSerializationVerificationNeeded
    {
        public static Tick Instance { get; } = new();
    }

    /// <summary>A question under way.</summary>
    private sealed record Question(byte[] Nonce, AttestationPolicy Policy, TimeSpan AskedAt, SteadyClock Clock, DateTimeOffset ChallengedAt);

    /// <summary>Self-message: this host's own proof, or why there is none.</summary>
    private sealed record Quoted(TrustActor By, HostName Voter, IWire Answer) : INoSerializationVerificationNeeded;

    /// <summary>Self-message: what was done to this host's containers.</summary>
    private sealed record Held(HoldOutcome Outcome) : INoSerializationVerificationNeeded;
}
