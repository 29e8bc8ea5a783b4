using System.Net;
using ActorMigration.Contracts;
using ActorMigration.Host.Node;

namespace ActorMigration.Host.Tests.Node;

public sealed class PeerCertificatesSpec : IDisposable
{
    private const string Dialled = "ssl.tcp://amig@10.0.0.2:7070";
    private const string Accepted = "[::ffff:10.0.0.2]:60852";

    private readonly TestAuthority _owner = new();

    public void Dispose() => _owner.Dispose();

    [Fact]
    public void A_node_of_this_owner_at_its_own_address_is_accepted_and_remembered()
    {
        using var node = _owner.Issue("h2", "10.0.0.2");
        var peers = Peers();

        Assert.Null(peers.Refusal(node.Certificate, Dialled));
        Assert.Equal(new HostName("h2"), peers.DialledAt(IPEndPoint.Parse("10.0.0.2:7070")));
    }

    [Fact]
    public void An_accepted_connection_says_nothing_about_who_is_at_an_address()
    {
        using var node = _owner.Issue("h2", "10.0.0.2");
        var peers = Peers();

        Assert.Null(peers.Refusal(node.Certificate, Accepted));
        Assert.Null(peers.DialledAt(IPEndPoint.Parse("10.0.0.2:7070")));
    }

    [Theory]
    [InlineData(Dialled)]
    [InlineData(Accepted)]
    public void A_certificate_of_another_owner_is_refused(string peer)
    {
        using var stranger = new TestAuthority();
        using var node = stranger.Issue("h2", "10.0.0.2");

        Assert.Contains("is not good", Peers().Refusal(node.Certificate, peer), StringComparison.Ordinal);
    }

    [Fact]
    public void No_certificate_is_refused() => Assert.Contains("no certificate", Peers().Refusal(null, Accepted), StringComparison.Ordinal);

    [Fact]
    public void An_expired_certificate_is_refused()
    {
        using var node = _owner.Issue("h2", "10.0.0.2", expiredSince: TimeSpan.FromHours(1));

        Assert.Contains("NotTimeValid", Peers().Refusal(node.Certificate, Accepted), StringComparison.Ordinal);
    }

    [Fact]
    public void A_certificate_of_the_owner_that_names_no_node_is_refused()
    {
        using var user = _owner.Issue("h2", "10.0.0.2", uri: "urn:amig:user:");

        Assert.Contains("does not name a node", Peers().Refusal(user.Certificate, Accepted), StringComparison.Ordinal);
    }

    [Fact]
    public void A_node_at_the_address_of_another_is_refused_when_dialled()
    {
        using var node = _owner.Issue("h3", "10.0.0.3");

        Assert.Contains("not for that address", Peers().Refusal(node.Certificate, Dialled), StringComparison.Ordinal);
    }

    [Fact]
    public void A_node_that_answers_where_a_seed_of_another_name_is_configured_is_refused()
    {
        using var node = _owner.Issue("h3", "10.0.0.2");
        var seed = new NamedEndpoint(new HostName("h2"), IPEndPoint.Parse("10.0.0.2:7070"));

        Assert.Contains("amig.seeds has h2", new PeerCertificates(_owner.Certificate, [seed]).Refusal(node.Certificate, Dialled), StringComparison.Ordinal);
    }

    private PeerCertificates Peers() => new(_owner.Certificate, []);
}
