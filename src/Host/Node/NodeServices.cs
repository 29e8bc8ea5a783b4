using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using ActorMigration.Actors;
using ActorMigration.Actors.Trust;
using ActorMigration.Contracts;
using ActorMigration.Host.Balancing;
using ActorMigration.Host.Decision;
using ActorMigration.Host.Http;
using ActorMigration.Host.Linux;
using ActorMigration.Host.Linux.Doctor;
using ActorMigration.Host.Trust;
using ActorMigration.Host.Trust.Tpm;
using Akka.Actor;
using Microsoft.Extensions.Logging;

namespace ActorMigration.Host.Node;

/// <summary>
/// The composition root: everything of a daemon that is not the cluster itself. Opened before the actor system and disposed after it, so that this
/// host's voter answers for as long as the process lives, whatever becomes of the cluster.
/// </summary>
internal sealed class NodeServices : IAsyncDisposable
{
    /// <summary>Longest wait of the voter for the TPM: a chip that is opened anew, behind other commands.</summary>
    private static readonly TimeSpan TpmPatience = TimeSpan.FromSeconds(15);

    private const string BootIdFile = "/proc/sys/kernel/random/boot_id";

    private readonly NodeSettings _settings;
    private readonly TrustState _trust;
    private readonly TimeProvider _time;
    private readonly ILoggerFactory _logs;
    private readonly DecisionServices _decision;

    /// <summary>This host's own voter; every host has one, whether it votes or not.</summary>
    private readonly Voter _seat;

    /// <summary>What is to be given back, last taken first.</summary>
    private readonly Stack<IAsyncDisposable> _owned;

    private NodeServices(NodeSettings settings, TrustState trust, TimeProvider time, DecisionServices decision, Voter seat, LinuxPorts linux, ILoggerFactory logs, Stack<IAsyncDisposable> owned)
    {
        _settings = settings;
        _trust = trust;
        _time = time;
        _logs = logs;
        _decision = decision;
        _seat = seat;
        _owned = owned;
        Linux = linux;
    }

    /// <summary>Begins to let this host's voter vote, given the tpm actor; null when this host is no voter.</summary>
    private Func<ICanTell, BackgroundTask>? Admission { get; init; }

    /// <summary>Whether the operator wants this host to be empty.</summary>
    internal required DrainFile Drain { get; init; }

    /// <summary>What the voters make of all hosts.</summary>
    internal required ClusterTrust Trust { get; init; }

    /// <summary>What this host keeps of balancing.</summary>
    internal required BalanceFiles Balancing { get; init; }

    /// <summary>At the start another host was a member of a cluster: this one joins it, and forms none.</summary>
    internal bool OthersAreMembers { get; private init; }

    /// <summary>The operating system's side.</summary>
    internal LinuxPorts Linux { get; }

    /// <summary>Opens journals, voter and listeners. Throws <see cref="SettingsException"/> when this host cannot have them.</summary>
    internal static async Task<NodeServices> OpenAsync(NodeSettings settings, TrustState trust, NodeIdentity identity, TimeProvider time, ILoggerFactory logs, CancellationToken cancel)
    {
        var owned = new Stack<IAsyncDisposable>();
        try
        {
            var (decision, voter, membership) = OpenDecision(settings, identity, time, logs, owned);
            var linux = await LinuxPorts.OpenAsync(settings, time, logs, cancel).ConfigureAwait(false);
            owned.Push(linux);
            var news = new ResolutionNews(settings.Host, voter, decision.Client, settings.VoterTimes, time);
            voter.CanGoOn = (registration, value) => value == Verdict.Dest
                ? linux.DestinationHost.TreeStands(registration.Register.Container, registration.Register.Fence)
                : linux.SourceHost.CopyStands(registration.Register.Container);
            voter.Runs = register => linux.SourceHost.CopyRuns(register.Container)
                || (linux.DestinationHost.TreeStands(register.Container, register.Fence) && !linux.DestinationHost.TreeWaits(register.Container, register.Fence));
            voter.StillStands = register => linux.SourceHost.CopyStands(register.Container) || linux.DestinationHost.TreeStands(register.Container, register.Fence);
            var log = logs.CreateLogger("voter");
            var othersAreMembers = await CatchUpAsync(settings, news, decision, log, cancel).ConfigureAwait(false);
            owned.Push(new BackgroundTask(stop => news.RunAsync(sentence => log.LogWarning("{Sentence}", sentence), stop), log, "other hosts are not told of an operator's resolutions any more: start this daemon again before hosts that were off come back"));
            return new NodeServices(settings, trust, time, decision, voter, linux, logs, owned)
            {
                Drain = new DrainFile(settings.StateDirectory),
                Trust = new ClusterTrust(new TrustBoard(decision.Poll.Voters), settings.Trust.Action),
                Balancing = BalanceFiles.Open(settings.StateDirectory, logs.CreateLogger("balance")),
                OthersAreMembers = othersAreMembers,
                Admission = !decision.Poll.Voters.Contains(settings.Host) ? null : tpm => Admitting(
                    new VoterRecovery(settings.Host, membership, new TpmFreshnessCounter(tpm, TpmPatience), decision.Poll, time), voter, settings.Host, logs.CreateLogger("voter")),
            };
        }
        catch (Exception e)
        {
            await DisposeAsync(owned).ConfigureAwait(false);
            if (e is RecordLogException or LinuxException)
            {
                throw new SettingsException($"This host's records cannot be used: {e.Message}", e);
            }

            throw;
        }
    }

    /// <summary>A host that was booted has nothing left of what its journal says, so it can wait for whoever may know better.</summary>
    private static async Task<bool> CatchUpAsync(NodeSettings settings, ResolutionNews news, DecisionServices decision, ILogger log, CancellationToken cancel)
    {
        var boot = new BootMarker(Path.Combine(settings.StateDirectory, BootMarker.FileName), CurrentBoot());
        var othersAreMembers = await news.CatchUpAsync(
            decision.Poll, boot.WasBooted ? ResolutionNews.Awaited(decision.Journal.State) : [], settings.IsFirstSeed, sentence => log.LogWarning("{Sentence}", sentence), cancel).ConfigureAwait(false);
        boot.Note(log);
        return othersAreMembers;
    }

    /// <summary>Silent is safe, but somebody has to know why.</summary>
    private static BackgroundTask Admitting(VoterRecovery recovery, Voter voter, HostName self, ILogger log)
    {
        void Say(string sentence) => log.LogWarning("{Sentence}", sentence);
        async Task RunAsync(CancellationToken cancel)
        {
            await recovery.RunAsync(voter, Say, cancel).ConfigureAwait(false);
            log.LogInformation("Voter {Host} votes", self);
            await recovery.CountAsync(voter, Say, cancel).ConfigureAwait(false);
        }

        return new BackgroundTask(RunAsync, log, $"what lets voter {self} vote has ended: if it does not vote ('amig voters'), start its daemon again");
    }

    private static string CurrentBoot() => File.ReadAllText(BootIdFile).Trim();

    /// <summary>Starts /user/node with all its children; returns the console, which may be asked at once.</summary>
    internal async Task<ICanTell> StartAsync(ActorSystem system, NodeLifecycle lifecycle, IPeers peers)
    {
        // Before the actors are there: what is heard earlier an attempt finds at its voter when it starts, and nothing may fall between the two.
        _seat.Resolved += certificate => Migrations(system).Tell(new VerdictReached(certificate.Register.Attempt, certificate.Register.Fence, certificate), ActorRefs.NoSender);
        var supervisor = await NodeActors.StartAsync(system, node => Compose(node, peers), lifecycle.Fail).ConfigureAwait(false);
        if (Admission is { } admission)
        {
            _owned.Push(admission(system.ActorSelection(supervisor.Path / "tpm")));
        }

        return system.ActorSelection(supervisor.Path / "console");
    }

    /// <summary>The daemon is about to end: see <see cref="DaemonStops"/>. Returns when no container stands for an attempt of this host, or false when one still does after <paramref name="patience"/>.</summary>
    internal static async Task<bool> TellOfStopAsync(ActorSystem system, TimeSpan patience)
    {
        try
        {
            await Migrations(system).Ask<NothingStands>(new DaemonStops(), patience).ConfigureAwait(false);
            return true;
        }
        catch (AskTimeoutException)
        {
            return false;
        }
    }

    private static ActorSelection Migrations(ActorSystem system) => system.ActorSelection($"/user/{NodeSupervisor.Name}/migrations");

    /// <summary>What each voter says of itself, for the operator.</summary>
    internal async Task<VoterJson[]> AskVotersAsync()
        => await Task.WhenAll(_decision.Poll.Voters.Select(async voter => VoterJson.From(voter, await _decision.Poll.MemoryOfAsync(voter).ConfigureAwait(false)))).ConfigureAwait(false);

    /// <summary>Whether another host is a member of a cluster now; over the voters' own connections, which need none.</summary>
    internal async Task<bool> AnotherIsMemberAsync()
        => (await _decision.Poll.AskAllAsync(new VoterRequest.AskResolutions()).ConfigureAwait(false)).OfType<VoterReply.Resolutions>().Any(reply => reply.Voter != _settings.Host && reply.IsMember);

    /// <summary>What this host says of itself to others that start.</summary>
    internal void TellMembership(Func<bool> isMember) => _seat.IsMember = isMember;

    /// <summary>Carries the operator's word about a register to all that have a part in it.</summary>
    internal Task<ResolveOutcome> ResolveAsync(ResolveOrder order)
        => new Resolver(_settings.Host, _decision.Client, _seat, _decision.Journal, _decision.Keys, _settings.VoterTimes, _time).ResolveAsync(order);

    public ValueTask DisposeAsync() => DisposeAsync(_owned);

    private static async ValueTask DisposeAsync(Stack<IAsyncDisposable> owned)
    {
        while (owned.TryPop(out var next))
        {
            await next.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Every actor under /user/node, by its name.</summary>
    private void Compose(IActorRefFactory node, IPeers peers)
    {
        var policy = new PolicyFile(_trust.PolicyPath, _trust.Policy, _logs.CreateLogger("trust"));
        var tpm = node.ActorOf(TpmActor.Props(() => new Tpm2Chip(_settings.Tpm), _settings.TpmLimits, _trust.Identity(() => policy.Current)), "tpm");
        var attestation = new AttestationServices(tpm, () => policy.Current, _trust.Anchors, Trust);
        var attempts = new AttemptServices(
            peers,
            Linux.SourceHost,
            Linux.DestinationHost,
            _decision,
            attestation,
            _settings.AttemptTimes,
            _time,
            CurrentBoot(),
            _settings.HoldDirectory is { } holds ? new HoldDirectory(holds) : new NoHolds())
        { Drain = Drain };
        node.ActorOf(ContainersActor.Props(attempts, Linux.Runtime), "containers");
        node.ActorOf(MigrationsActor.Props(attempts, Linux.Runtime), "migrations");
        node.ActorOf(DoctorActor.Props(peers.Self, new HostDoctor(_settings.Runc, _settings.Criu, _settings.Tracking, _time), attestation, _time, DoctorActor.Deadline), "doctor");
        node.ActorOf(LoadActor.Props(peers.Self, Linux.Load, _settings.Load, () => Drain.Cause == DrainCause.None ? HostStanding.Accepts : HostStanding.Draining, container => DirtyRate.MeasuredBy(_decision.Journal.State, container), Linux.Runtime.ObstaclesAsync, _time), "load");
        var judgements = new JudgementFile(new TrustStatePaths(_settings.StateDirectory).Judgements, _logs.CreateLogger("trust"));
        node.ActorOf(TrustActor.Props(new TrustServices(
            peers, [.. _decision.Poll.Voters], attestation, _decision.Signer, _decision.Keys, TrustSeat.Open(judgements, Linux.Runtime, attempts.Leases, _time), judgements, _settings.Trust, _time)), "trust");
        var console = node.ActorOf(ConsoleActor.Props(peers, _decision.Poll, Trust), "console");
        var balance = new BalanceServices(peers, Trust, console, Balancing, Drain, _settings.Balance.Policy, _settings.Migration.Policy(0, false, false), _settings.Balance.Interval, _time);
        node.ActorOf(BalancerActor.Props(balance), "balancer");
    }

    private static (DecisionServices Decision, Voter Voter, IVoterMembership Membership) OpenDecision(NodeSettings settings, NodeIdentity identity, TimeProvider time, ILoggerFactory logs, Stack<IAsyncDisposable> owned)
    {
        var signer = Owned(new NodeSigner(identity), owned);
        var keys = new NodeKeys(identity.OwnerCa);
        var names = settings.Voters.Select(voter => voter.Host).ToImmutableArray();
        var journal = Owned(new AttemptJournal(Owned(RecordLogFile.Open<JournalEntry>(Path.Combine(settings.StateDirectory, "attempts.log")), owned)), owned);
        var votes = Owned(RecordLogFile.Open<VoterRecord>(Path.Combine(settings.StateDirectory, "voter.log")), owned);
        var membership = VoterMembershipFile.Open(Path.Combine(settings.StateDirectory, "voter.json"), votes.Name);
        var voter = Owned(
            new Voter(
                settings.Host,
                incarnation => new VoterCore(settings.Host, incarnation, names, signer, keys, static (token, digest) => HandOverSignature.Verify(token, digest)) { SetNumber = settings.VoterSet, Before = [.. settings.VotersBefore] },
                membership,
                votes,
                () => journal.State),
            owned);
        if (names.Contains(settings.Host))
        {
            owned.Push(Listening("amig.voter.port", settings.VoterPort, () => VoterListener.Start(
                new IPEndPoint(settings.Address, settings.VoterPort), voter, identity, time, logs.CreateLogger("voter"))));
        }

        var client = new TlsVoterClient(identity, settings.Voters.ToImmutableDictionary(one => one.Host, one => one.EndPoint), settings.Host, voter);
        owned.Push(client);
        var poll = new VoterPoll(client, names, settings.VoterTimes, time) { SetNumber = settings.VoterSet, Before = [.. settings.VotersBefore] };
        return (new DecisionServices(journal, client, poll, signer, keys, settings.VoterTimes, voter), voter, membership);
    }

    private static T Listening<T>(string key, int port, Func<T> start)
    {
        try
        {
            return start();
        }
        catch (SocketException e)
        {
            throw new SettingsException($"Cannot listen on port {port} ({key}) of amig.address: {e.Message}.", e);
        }
    }

    private static T Owned<T>(T resource, Stack<IAsyncDisposable> owned)
        where T : IDisposable
    {
        owned.Push(new Synchronous(resource));
        return resource;
    }

    private sealed class Synchronous(IDisposable resource) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            resource.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
