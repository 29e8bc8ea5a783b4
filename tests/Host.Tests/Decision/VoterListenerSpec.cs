using System.Collections.Immutable;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using ActorMigration.Actors;
using ActorMigration.Contracts;
using ActorMigration.Host.Decision;
using ActorMigration.Host.Node;
using ActorMigration.Host.Tests.Node;
using ActorMigration.Ports.Contract;
using Microsoft.Extensions.Logging.Abstractions;

namespace ActorMigration.Host.Tests.Decision;

public sealed class VoterListenerSpec : IAsyncLifetime, IDisposable
{
    private static readonly ContainerName Container = new("c1");
    private static readonly HostName H1 = new("h1");
    private static readonly HostName H2 = new("h2");
    private static readonly HostName H3 = new("h3");

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("amig-voter-");
    private readonly TestAuthority _owner = new();
    private readonly TestAuthority _stranger = new();
    private readonly List<IDisposable> _things = [];
    private NodeIdentity _one = null!;
    private Voter _voter = null!;
    private VoterListener _listener = null!;

    public async Task InitializeAsync()
    {
        _one = Keep(_owner.Issue("h1", "127.0.0.1"));
        var log = Keep(RecordLogFile.Open<VoterRecord>(Path.Combine(_directory.FullName, "voter")));
        var (signer, keys) = (Keep(new NodeSigner(_one)), new NodeKeys(_one.OwnerCa));
        _voter = Keep(await MembershipInMemory.VotingAsync(
            H1, incarnation => new VoterCore(H1, incarnation, [H1, H2, H3], signer, keys, static (t, d) => HandOverSignature.Verify(t, d)), log));
        _listener = VoterListener.Start(new IPEndPoint(IPAddress.Loopback, 0), _voter, _one, TimeProvider.System, NullLogger.Instance);
    }

    public async Task DisposeAsync()
    {
        await _listener.DisposeAsync();
        _things.Reverse();
        _things.ForEach(t => t.Dispose());
        _directory.Delete(recursive: true);
    }

    public void Dispose()
    {
        _owner.Dispose();
        _stranger.Dispose();
    }

    [Fact]
    public async Task A_name_is_taken_over_the_wire_with_real_signatures_and_is_still_taken_after_a_restart()
    {
        var identity = Keep(_owner.Issue("h2", "127.0.0.1"));
        await using var client = ClientOf(identity, H2);
        var floor = Assert.IsType<VoterReply.Floor>(await client.AskAsync(H1, new VoterRequest.AskFloor(Container), CancellationToken.None));
        var registration = Signed(identity, new Registration(
            new RegisterId(Container, floor.Lowest, AttemptId.New()), RegisterKind.Creation, H2, H2,
            [new RegisteredVoter(H1, floor.Incarnation), new RegisteredVoter(H2, Guid.Empty), new RegisteredVoter(H3, Guid.Empty)], [], [], []));
        var ballot = new Ballot(1, H2);

        Assert.IsType<VoterReply.Registered>(await client.AskAsync(H1, new VoterRequest.Begin(registration), CancellationToken.None));
        Assert.IsType<VoterReply.Promised>(await client.AskAsync(H1, new VoterRequest.Prepare(registration.Register, ballot), CancellationToken.None));
        var reply = await client.AskAsync(H1, new VoterRequest.Accept(registration.Register, ballot, Verdict.Dest, null), CancellationToken.None);

        var accept = Assert.IsType<VoterReply.Accepted>(reply).Accept;
        Assert.True(new NodeKeys(_one.OwnerCa).Verify(H1, DecisionBytes.ToSign(accept), accept.Signature));
        Assert.False(new NodeKeys(_one.OwnerCa).Verify(H3, DecisionBytes.ToSign(accept), accept.Signature));
        Assert.False(new NodeKeys(_stranger.Certificate).Verify(H1, DecisionBytes.ToSign(accept), accept.Signature));

        using var reopened = RecordLogFile.Open<VoterRecord>(CopyOfLog());
        var state = reopened.Load().Aggregate(ContainerBallots.Fresh(Container), (s, r) => s.Apply(r));
        Assert.Equal((ballot, Verdict.Dest), (state.Open!.AcceptedBallot, state.Open.AcceptedValue!.Value));
    }

    [Fact]
    public async Task A_node_speaks_only_for_itself()
    {
        var identity = Keep(_owner.Issue("h2", "127.0.0.1"));
        await using var client = ClientOf(identity, H2);
        var registration = Signed(identity, new Registration(
            new RegisterId(Container, new Fence(0, 1), AttemptId.New()), RegisterKind.Creation, H3, H3,
            [new RegisteredVoter(H1, Guid.NewGuid()), new RegisteredVoter(H2, Guid.Empty), new RegisteredVoter(H3, Guid.Empty)], [], [], []));

        var refused = Assert.IsType<VoterReply.BeginRefused>(await client.AskAsync(H1, new VoterRequest.Begin(registration), CancellationToken.None));
        Assert.Equal(BeginRefusal.NotGenuine, refused.Reason);
    }

    [Fact]
    public async Task A_node_of_another_owner_is_not_answered()
    {
        await using var client = ClientOf(Keep(_stranger.Issue("h2", "127.0.0.1")), H2);

        await Assert.ThrowsAsync<VoterUnreachableException>(() => client.AskAsync(H1, new VoterRequest.AskFloor(Container), CancellationToken.None));
    }

    [Fact]
    public async Task Another_node_that_answers_at_the_voters_address_is_not_believed()
    {
        await using var client = new TlsVoterClient(
            Keep(_owner.Issue("h2", "127.0.0.1")), ImmutableDictionary<HostName, IPEndPoint>.Empty.Add(H3, _listener.EndPoint), H2, null);

        var e = await Assert.ThrowsAsync<VoterUnreachableException>(() => client.AskAsync(H3, new VoterRequest.AskFloor(Container), CancellationToken.None));
        Assert.Equal(H3, e.Voter);
    }

    [Fact]
    public async Task Garbage_ends_the_connection_and_the_next_request_is_answered()
    {
        var identity = Keep(_owner.Issue("h2", "127.0.0.1"));
        using (var tcp = new TcpClient())
        {
            await tcp.ConnectAsync(_listener.EndPoint);
            await using var tls = new SslStream(tcp.GetStream());
            await tls.AuthenticateAsClientAsync(VoterTls.Client(identity, H1));
            await tls.WriteAsync(new byte[] { 0, 0, 0, 2, VoterFrames.Version, 200 });
            var one = new byte[1];
            Assert.Equal(0, await tls.ReadAsync(one));
        }

        await using var client = ClientOf(identity, H2);
        Assert.IsType<VoterReply.Floor>(await client.AskAsync(H1, new VoterRequest.AskFloor(Container), CancellationToken.None));
    }

    private static Registration Signed(NodeIdentity identity, Registration registration)
    {
        using var signer = new NodeSigner(identity);
        return registration with { Signature = signer.Sign(DecisionBytes.ToSign(registration)) };
    }

    private TlsVoterClient ClientOf(NodeIdentity identity, HostName self)
        => new(identity, ImmutableDictionary<HostName, IPEndPoint>.Empty.Add(H1, _listener.EndPoint), self, null);

    private string CopyOfLog()
    {
        var copy = Path.Combine(_directory.FullName, "copy");
        using var from = new FileStream(Path.Combine(_directory.FullName, "voter"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var to = File.Create(copy);
        from.CopyTo(to);
        return copy;
    }

    private T Keep<T>(T thing)
        where T : IDisposable
    {
        _things.Add(thing);
        return thing;
    }
}
