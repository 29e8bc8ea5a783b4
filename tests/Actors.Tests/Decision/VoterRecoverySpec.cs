using ActorMigration.Actors.Tests.Migrations;
using ActorMigration.Actors.Trust;
using ActorMigration.Contracts;
using ActorMigration.Ports.Contract;
using ActorMigration.Simulator;
using static ActorMigration.Actors.Tests.Decision.Cluster;

namespace ActorMigration.Actors.Tests.Decision;

/// <summary>Three voters over the production classes: restarts, lost and rolled back state directories, a TPM that does not answer.</summary>
public sealed class VoterRecoverySpec : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Dictionary<HostName, Station> _stations = Voters.ToDictionary(v => v, v => new Station(v));

    public void Dispose()
    {
        foreach (var station in _stations.Values)
        {
            station.Voter?.Dispose();
        }
    }

    [Fact]
    public async Task A_new_cluster_votes_when_all_its_voters_are_there_and_not_before()
    {
        Start(A);
        Start(B);
        Assert.IsType<VoterReply.Refused>(await AskAsync(A, new VoterRequest.AskFloor(Name)));
        Assert.IsType<VoterReply.BeginRefused>(await AskAsync(A, new VoterRequest.Begin(Registration(new Fence(0, 1), A, A, RegisterKind.Creation))));
        Assert.Equal(VoterStanding.New, (await MemoryAsync(A)).Standing);
        Assert.Empty(_stations[A].Log.Load());

        Start(W);

        await AllVoteAsync();
        Assert.IsType<VoterReply.Floor>(await AskAsync(A, new VoterRequest.AskFloor(Name)));
    }

    [Fact]
    public async Task A_restarted_voter_votes_at_once_without_the_others()
    {
        await FoundedAsync();

        Stop(B);
        Stop(W);
        Restart(A);

        await VotesAsync(A);
        Assert.Equal(new Fence(1, 1), (await FloorAsync(A)).Lowest);
    }

    [Fact]
    public async Task Hosts_that_are_all_restarted_at_once_vote_again()
    {
        await FoundedAsync();

        foreach (var voter in Voters)
        {
            Restart(voter);
        }

        await AllVoteAsync();
    }

    [Fact]
    public async Task A_voter_that_lost_its_state_directory_waits_for_both_others_and_takes_their_floors_over()
    {
        await FoundedAsync();
        Stop(A);
        Stop(B);
        _stations[A] = new Station(A) { Tpm = _stations[A].Tpm };

        Start(A);
        await StandsAsync(A, VoterStanding.New);
        Assert.IsType<VoterReply.Refused>(await AskAsync(A, new VoterRequest.AskFloor(Name)));

        Start(B);
        await VotesAsync(A);
        Assert.Equal(new Fence(1, 1), (await FloorAsync(A)).Lowest);
    }

    [Fact]
    public async Task A_state_directory_that_is_put_back_is_noticed_and_the_voter_becomes_another_one()
    {
        await FoundedAsync();
        var incarnation = _stations[A].Membership.Current.Incarnation;
        var old = _stations[A].Copy();
        Restart(A);
        await VotesAsync(A);
        Stop(A);
        Stop(B);
        _stations[A] = old;

        Start(A);
        await StandsAsync(A, VoterStanding.Waits);
        Assert.NotEqual(incarnation, old.Membership.Current.Incarnation);

        Start(B);
        await VotesAsync(A);
    }

    [Fact]
    public async Task A_copy_from_before_the_admission_that_is_put_back_is_no_founder()
    {
        Start(A);
        await StandsAsync(A, VoterStanding.New);
        var old = _stations[A].Copy();
        await FoundedAsync();
        Stop(A);
        Stop(B);
        _stations[A] = old;

        Start(A);
        await StandsAsync(A, VoterStanding.New);
        await Task.Delay(VoterRecovery.AskEvery * 2);
        Assert.IsType<VoterReply.Refused>(await AskAsync(A, new VoterRequest.AskFloor(Name)));

        Start(B);
        await VotesAsync(A);
        Assert.Equal(new Fence(1, 1), (await FloorAsync(A)).Lowest);
    }

    [Fact]
    public async Task A_crash_between_the_note_and_the_count_is_no_old_copy()
    {
        await FoundedAsync();
        var station = _stations[A];
        await station.Membership.WriteAsync(station.Membership.Current.Counted(station.Tpm.Value!.Value + 1, Set));
        Stop(B);
        Stop(W);

        Restart(A);

        await VotesAsync(A);
    }

    [Fact]
    public async Task A_TPM_that_does_not_answer_keeps_its_voter_silent_until_it_does()
    {
        await FoundedAsync();
        _stations[A].Tpm.IsDead = true;

        Restart(A);
        await StandsAsync(A, VoterStanding.Waits);
        Assert.Contains("TPM", string.Join(' ', _stations[A].Waited), StringComparison.Ordinal);

        _stations[A].Tpm.IsDead = false;
        await VotesAsync(A);
    }

    [Fact]
    public async Task A_full_disk_at_the_start_keeps_its_voter_silent_until_there_is_room()
    {
        await FoundedAsync();
        _stations[A].Membership.IsFull = true;

        Restart(A);
        await StandsAsync(A, VoterStanding.Waits);
        Assert.Contains("disk", string.Join(' ', _stations[A].Waited), StringComparison.Ordinal);

        _stations[A].Membership.IsFull = false;
        await VotesAsync(A);
    }

    [Fact]
    public async Task Two_of_three_that_lost_their_state_directories_do_not_guess()
    {
        await FoundedAsync();
        foreach (var voter in new[] { A, B })
        {
            Stop(voter);
            _stations[voter] = new Station(voter) { Tpm = _stations[voter].Tpm };
        }

        Start(A);
        Start(B);

        await StandsAsync(A, VoterStanding.New);
        await Task.Delay(VoterRecovery.AskEvery * 3);
        Assert.Equal(VoterStanding.New, (await MemoryAsync(A)).Standing);
        Assert.Equal(VoterStanding.New, (await MemoryAsync(B)).Standing);
    }

    /// <summary>A cluster in which c1 belongs to A at epoch 1.</summary>
    private async Task FoundedAsync()
    {
        foreach (var voter in Voters.Where(v => _stations[v].Voter is null))
        {
            Start(voter);
        }

        await AllVoteAsync();
        var unsigned = Registration(new Fence(0, 1), A, A, RegisterKind.Creation) with { Voters = [.. Voters.Select(v => new RegisteredVoter(v, _stations[v].Membership.Current.Incarnation))] };
        var creation = unsigned with { Signature = FakeKeys.Sign(A, DecisionBytes.ToSign(unsigned)) };
        foreach (var voter in Voters)
        {
            Assert.IsType<VoterReply.Registered>(await AskAsync(voter, new VoterRequest.Begin(creation)));
        }

        var certificate = await CertificateAsync(creation);
        foreach (var voter in Voters)
        {
            await AskAsync(voter, new VoterRequest.Learn(certificate));
        }
    }

    private async Task<VerdictCertificate> CertificateAsync(Registration creation)
    {
        var ballot = new Ballot(1, A);
        var accepts = new List<SignedAccept>();
        foreach (var voter in Voters)
        {
            await AskAsync(voter, new VoterRequest.Prepare(creation.Register, ballot));
            accepts.Add(Assert.IsType<VoterReply.Accepted>(await AskAsync(voter, new VoterRequest.Accept(creation.Register, ballot, Verdict.Dest, null))).Accept);
        }

        return new VerdictCertificate(creation.Register, Verdict.Dest, [.. accepts]);
    }

    private void Start(HostName host)
    {
        var station = _stations[host];
        var poll = new VoterPoll(new Wire(this), Voters, VoterTimes.Default, TimeProvider.System);
        var voter = new Voter(host, incarnation => new VoterCore(host, incarnation, Voters, new FakeSigner(host), new FakeKeys(), static (_, _) => true), station.Membership, station.Log, () => JournalState.Empty);
        station.Voter = voter;
        station.End = new CancellationTokenSource();
        _ = new VoterRecovery(host, station.Membership, station.Tpm, poll, TimeProvider.System).RunAsync(voter, station.Waited.Add, station.End.Token);
    }

    private void Stop(HostName host)
    {
        _stations[host].End?.Cancel();
        _stations[host].Voter = null;
    }

    private void Restart(HostName host)
    {
        Stop(host);
        Start(host);
    }

    private Task<VoterReply> AskAsync(HostName host, VoterRequest request)
        => _stations[host].Voter is { } voter ? voter.AnswerAsync(A, request) : throw new VoterUnreachableException(host, "it is down");

    private async Task<VoterReply.Memory> MemoryAsync(HostName host) => Assert.IsType<VoterReply.Memory>(await AskAsync(host, new VoterRequest.AskMemory(null)));

    private async Task<VoterReply.Floor> FloorAsync(HostName host) => Assert.IsType<VoterReply.Floor>(await AskAsync(host, new VoterRequest.AskFloor(Name)));

    private Task VotesAsync(HostName host) => StandsAsync(host, VoterStanding.Votes);

    private async Task AllVoteAsync()
    {
        foreach (var voter in Voters)
        {
            await VotesAsync(voter);
        }
    }

    /// <summary>Stands so, after at least one round of questions.</summary>
    private async Task StandsAsync(HostName host, VoterStanding standing)
    {
        var station = _stations[host];
        var until = DateTime.UtcNow + Patience;
        while ((await MemoryAsync(host)).Standing != standing || (standing != VoterStanding.Votes && station.Waited.IsEmpty))
        {
            Assert.True(DateTime.UtcNow < until, $"voter {host} is {(await MemoryAsync(host)).Standing}, not {standing}: {string.Join("; ", station.Waited)}");
            await Task.Delay(20);
        }
    }

    /// <summary>A host: its disk, its TPM, and its daemon while it runs.</summary>
    private sealed class Station(HostName host)
    {
        public MembershipInMemory Membership { get; private init; } = new(Guid.NewGuid());

        public TwoHosts.MemoryLog<VoterRecord> Log { get; private init; } = new();

        public Chip Tpm { get; init; } = new();

        public System.Collections.Concurrent.ConcurrentBag<string> Waited { get; } = [];

        public Voter? Voter { get; set; }

        public CancellationTokenSource? End { get; set; }

        /// <summary>The disk as it is now; the TPM is the same.</summary>
        public Station Copy()
        {
            var log = new TwoHosts.MemoryLog<VoterRecord>();
            foreach (var record in Log.Load())
            {
                log.Append(record);
            }

            return new Station(host) { Membership = Membership.Copy(), Log = log, Tpm = Tpm };
        }
    }

    private sealed class Chip : IFreshnessCounter
    {
        public ulong? Value { get; private set; }

        public bool IsDead { get; set; }

        public Task<ulong?> ReadAsync(CancellationToken cancel) => Task.FromResult(IsDead ? throw new TpmUnavailableException("the TPM is dead") : Value);

        public Task<ulong> IncrementAsync(CancellationToken cancel)
        {
            Value = IsDead ? throw new TpmUnavailableException("the TPM is dead") : (Value ?? 41) + 1;
            return Task.FromResult(Value.Value);
        }
    }

    private sealed class Wire(VoterRecoverySpec stations) : IVoterClient
    {
        public Task<VoterReply> AskAsync(HostName voter, VoterRequest request, CancellationToken cancel) => stations.AskAsync(voter, request);
    }
}
