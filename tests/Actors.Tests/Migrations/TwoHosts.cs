using System.Collections.Concurrent;
using System.Collections.Immutable;
using ActorMigration.Actors.Trust;
using ActorMigration.Contracts;
using ActorMigration.Contracts.Trust;
using ActorMigration.Ports.Contract;
using ActorMigration.Simulator;
using Akka.Actor;

namespace ActorMigration.Actors.Tests.Migrations;

/// <summary>Hosts a and b and a witness: production actors, voters, journals and verifier; the operating systems are fakes behind the ports. Host a owns c1 and runs it.</summary>
internal sealed class TwoHosts
{
    public static readonly ContainerName Container = new("c1");
    public static readonly HostName A = new("a");
    public static readonly HostName B = new("b");
    private static readonly HostName W = new("w");
    private static readonly FakeKeys Keys = new();

    public static readonly TimeSpan BeforeFreezePatience = TimeSpan.FromSeconds(4);

    private static readonly AttemptTimes Times = new(
        Resend: TimeSpan.FromMilliseconds(100), Patience: BeforeFreezePatience, PreparePatience: TimeSpan.FromSeconds(6),
        HandOverPatience: TimeSpan.FromSeconds(8), Retry: TimeSpan.FromMilliseconds(100));

    private static readonly VoterTimes Voting = new(TimeSpan.FromMilliseconds(500), TimeSpan.FromMilliseconds(10), TimeSpan.FromMilliseconds(200));
    private static int _lives;

    private readonly ActorSystem _system;
    private readonly SoftwareQuotes _quotes = new();
    private readonly ConcurrentDictionary<HostName, IActorRef> _migrations = new();
    private readonly Dictionary<HostName, MemoryLog<JournalEntry>> _journals = new() { [A] = new(), [B] = new() };
    private readonly ConcurrentDictionary<HostName, AttemptJournal> _opened = new();
    private readonly ConcurrentDictionary<HostName, MemoryLog<VoterRecord>> _votes = new();
    private readonly ImmutableDictionary<HostName, Voter> _voters;

    public TwoHosts(ActorSystem system, UntrustedAction action = UntrustedAction.Stop)
    {
        _system = system;
        Trust = new ClusterTrust(new TrustBoard([A, B, W]), action);
        _voters = new[] { A, B, W }.ToImmutableDictionary(h => h, NewVoter);
        foreach (var (host, voter) in _voters)
        {
            voter.CanGoOn = (registration, value) => HostOf(host) is { } side
                && (value == Verdict.Dest ? side.TreeStands(registration.Register.Container, registration.Register.Fence) : side.CopyStands(registration.Register.Container));
            voter.Runs = register => HostOf(host) is { Tree: Tree.Running } side && (side.CopyRuns(register.Container) || side.Fence == register.Fence);
            voter.StillStands = register => HostOf(host) is { } side && (side.CopyStands(register.Container) || side.TreeStands(register.Container, register.Fence));
            voter.Resolved += certificate => Tell(host, certificate);
        }

        HostA.Place(FakeHost.Spec(Container), new Fence(1, 0));
        Start(HostA);
        Start(HostB);
    }

    public FakeHost HostA { get; } = new(A);

    public FakeHost HostB { get; } = new(B);

    /// <summary>Value of PCR 7 on host b; anything but 0 is not what the policy allows.</summary>
    public byte PcrOfB { get; set; }

    /// <summary>The policy of both hosts does not believe a host's attestation key any more.</summary>
    public void Revoke(HostName host) => _quotes.Policy = _quotes.Policy with { Revoked = [_quotes.FingerprintOf(host)] };

    /// <summary>A host whose quotes are signed by another key than the one in its certificate.</summary>
    public HostName? SignsForNobody { get; set; }

    /// <summary>And on host a.</summary>
    public byte PcrOfA { get; set; }

    public ConcurrentDictionary<HostName, bool> DeadVoters { get; } = new();

    /// <summary>Voters that have lost their memory: they are there, and vote on nothing.</summary>
    public ConcurrentDictionary<HostName, bool> SilentVoters { get; } = new();

    /// <summary>Questions that get lost on the way to a host.</summary>
    public Func<HostName, VoterRequest, bool> Loses { get; set; } = static (_, _) => false;

    /// <summary>Questions that a host answers to nobody, after it has done what they say.</summary>
    public Func<HostName, VoterRequest, bool> LosesAnswers { get; set; } = static (_, _) => false;

    public IActorRef Of(HostName host) => _migrations[host];

    public ImmutableArray<JournalEntry> JournalOf(HostName host) => _journals[host].Load();

    /// <summary>Nothing can be written to the disk that has the host's journal.</summary>
    public void FillDisk(HostName host, bool full) => _journals[host].IsFull = full;

    /// <summary>The host's daemon ends; what stands on the host stays.</summary>
    public async Task KillAsync(HostName host)
    {
        if (_migrations.TryRemove(host, out var actor))
        {
            await actor.GracefulStop(TimeSpan.FromSeconds(5));
        }
    }

    /// <summary>Somebody else answers for the host's migrations.</summary>
    public void Replace(HostName host, IActorRef migrations) => _migrations[host] = migrations;

    /// <summary>What the actors of each host were given last.</summary>
    public ConcurrentDictionary<HostName, AttemptServices> Services { get; } = new();

    /// <summary>What the voters make of both hosts.</summary>
    public ClusterTrust Trust { get; }

    /// <summary>The clock of both hosts.</summary>
    public SetClock Clock { get; } = new();

    public void Start(FakeHost host)
    {
        var journal = _opened[host.Name] = new AttemptJournal(_journals[host.Name]);
        var client = new Client(this, host.Name);
        var poll = new VoterPoll(client, [A, B, W], Voting, TimeProvider.System);
        var tpm = _system.ActorOf(_quotes.Tpm(host.Name, () => host.Name == B ? PcrOfB : PcrOfA, () => SignsForNobody == host.Name));
        var services = new AttemptServices(
            new Peers(this, host.Name), host, host,
            new DecisionServices(journal, client, poll, new FakeSigner(host.Name), Keys, Voting, _voters[host.Name]),
            new AttestationServices(tpm, () => _quotes.Policy, _quotes.Anchors, Trust), Times, Clock, "boot", host)
        { Drain = host.Drain };
        Services[host.Name] = services;
        _migrations[host.Name] = _system.ActorOf(MigrationsActor.Props(services, host), $"migrations-{host.Name}-{Interlocked.Increment(ref _lives)}");
    }

    /// <summary>The operator's word, given on a host.</summary>
    public Task<ResolveOutcome> ResolveAsync(HostName at, ResolveOrder order)
        => new Resolver(at, new Client(this, at), _voters[at], _opened[at], Keys, Voting, TimeProvider.System).ResolveAsync(order);

    /// <summary>Hosts that are up hear what they have missed; ends with <paramref name="cancel"/>.</summary>
    public Task SpreadAsync(HostName from, CancellationToken cancel, Action<string>? say = null)
        => new ResolutionNews(from, _voters[from], new Client(this, from), Voting, TimeProvider.System).RunAsync(say ?? (static _ => { }), cancel);

    /// <summary>What a daemon does before it takes anything up.</summary>
    public Task CatchUpAsync(HostName host, TimeProvider? clock = null, Action<string>? say = null, params HostName[] voters) => CatchUpAsync(host, isFounder: false, clock, say, voters);

    /// <summary>True when another host is a member of a cluster.</summary>
    public Task<bool> CatchUpAsync(HostName host, bool isFounder, TimeProvider? clock = null, Action<string>? say = null, params HostName[] voters)
    {
        var client = new Client(this, host);
        return new ResolutionNews(host, _voters[host], client, Voting, clock ?? TimeProvider.System).CatchUpAsync(
            new VoterPoll(client, voters.Length == 0 ? [A, B, W] : [.. voters], Voting, TimeProvider.System), ResolutionNews.Awaited(_opened[host].State), isFounder, say ?? (static _ => { }), CancellationToken.None);
    }

    private FakeHost? HostOf(HostName host) => host == A ? HostA : host == B ? HostB : null;

    public Voter VoterOf(HostName host) => _voters[host];

    public ImmutableArray<VoterRecord> VoterRecordsOf(HostName host) => _votes[host].Load();

    private void Tell(HostName host, VerdictCertificate certificate)
    {
        if (_migrations.TryGetValue(host, out var migrations))
        {
            migrations.Tell(new VerdictReached(certificate.Register.Attempt, certificate.Register.Fence, certificate));
        }
    }

    private Voter NewVoter(HostName host)
    {
        var log = _votes[host] = new MemoryLog<VoterRecord>();
        log.Append(new VoterRecord.Snapshot(ContainerBallots.Fresh(Container) with { Lowest = new Fence(1, 1), Owner = A }));
        return MembershipInMemory.VotingAsync(
            host, incarnation => new VoterCore(host, incarnation, [A, B, W], new FakeSigner(host), Keys, static (t, d) => HandOverSignature.Verify(t, d)), log,
            () => _opened.TryGetValue(host, out var journal) ? journal.State : JournalState.Empty).GetAwaiter().GetResult();
    }

    internal sealed class MemoryLog<T> : IRecordLog<T>
        where T : class
    {
        private ImmutableArray<T> _records = [];
        private volatile bool _isFull;

        public bool IsFull
        {
            get => _isFull;
            set => _isFull = value;
        }

        public ImmutableArray<T> Load() => _records;

        public Task AppendAsync(ImmutableArray<T> records)
        {
            if (IsFull)
            {
                return Task.FromException(new IOException("no space left on device"));
            }

            _records = _records.AddRange(records);
            return Task.CompletedTask;
        }

        public Task CompactAsync(ImmutableArray<T> records)
        {
            _records = records;
            return Task.CompletedTask;
        }

        public void Append(T record) => _records = _records.Add(record);
    }

    private sealed class Client(TwoHosts hosts, HostName self) : IVoterClient
    {
        public async Task<VoterReply> AskAsync(HostName voter, VoterRequest request, CancellationToken cancel)
        {
            var reply = await AskAsync(voter, request);
            return hosts.LosesAnswers(voter, request) ? throw new VoterUnreachableException(voter, "its answer was lost") : reply;
        }

        private Task<VoterReply> AskAsync(HostName voter, VoterRequest request)
            => hosts.DeadVoters.ContainsKey(voter) || hosts.Loses(voter, request)
                ? Task.FromException<VoterReply>(new VoterUnreachableException(voter, "it is down"))
                : hosts.SilentVoters.ContainsKey(voter) && request is not (VoterRequest.PrepareResolution or VoterRequest.ConsentToResolution or VoterRequest.SpreadResolution or VoterRequest.AskResolutions or VoterRequest.AskWhetherLost)
                ? Task.FromResult<VoterReply>(new VoterReply.Refused(voter, "it does not vote"))
                : hosts._voters[voter].AnswerAsync(self, request);
    }

    private sealed class Peers(TwoHosts hosts, HostName self) : IPeers
    {
        public HostName Self => self;

        public ImmutableArray<HostName> Members => [.. hosts._migrations.Keys.OrderBy(h => h.Value, StringComparer.Ordinal)];

        public ICanTell? Migrations(HostName host) => hosts._migrations.GetValueOrDefault(host);

        public ICanTell? Containers(HostName host) => null;

        public ICanTell? Doctor(HostName host) => null;

        public HostName? Oldest(Func<HostName, bool> may) => self;

        public ICanTell? Trust(HostName host) => null;

        public ICanTell? Load(HostName host) => null;

        public ICanTell? Balancer(HostName host) => null;
    }
}
