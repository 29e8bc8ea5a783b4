using System.Net;
using System.Net.Sockets;
using ActorMigration.Contracts;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Cluster;
using Akka.Configuration;
using Akka.Remote.Transport.DotNetty;
using Microsoft.Extensions.Logging;

namespace ActorMigration.Host.Node;

/// <summary>
/// Makes the daemon's actor system: the hocon files, in front of them what the program knows, mutual TLS with the node's
/// certificate. Making it starts the listener and the joining of the cluster.
/// </summary>
public static class NodeActorSystem
{
    /// <summary>Name of the actor system; part of every address, equal on all hosts.</summary>
    public const string Name = "amig";

    /// <summary>A member says its host name by a role of this form; it is compared with the certificate found at its address.</summary>
    public const string HostRole = "host-";

    /// <summary>Throws <see cref="SettingsException"/> when the contracts or the certificate are not fit for use, or the port is taken.</summary>
    public static ActorSystem Create(NodeSettings settings, HoconFiles files, NodeIdentity identity, PeerCertificates peers, ILogger log)
    {
        RefuseUnfitContracts();
        RefuseForeignCertificate(settings, identity);
        CertificateValidationCallback validate = (certificate, _, peer, _, _) =>
        {
            var refusal = peers.Refusal(certificate, peer);
            if (refusal is not null)
            {
                log.LogWarning("TLS peer refused: {Reason}.", refusal);
            }

            return refusal is null;
        };
        var tls = new DotNettySslSetup(identity.Certificate, suppressValidation: false, requireMutualAuthentication: true, customValidator: validate);
        var setup = ActorSystemSetup.Create(BootstrapSetup.Create().WithConfig(Configuration(settings, files)), tls);
        try
        {
            return ActorSystem.Create(Name, setup);
        }
        catch (Exception e) when (Innermost(e) is SocketException refused)
        {
            throw new SettingsException($"Akka.Remote cannot listen on {settings.Address}:{settings.RemotePort} (amig.address, amig.remote.port): {refused.Message}.", e);
        }
    }

    /// <summary>The host's view of an address, as Akka writes it.</summary>
    public static string Uri(IPEndPoint endPoint) => $"akka.ssl.tcp://{Name}@{endPoint}";

    private static Config Configuration(NodeSettings settings, HoconFiles files)
    {
        var seeds = string.Join(", ", settings.Seeds.Select(seed => $"\"{Uri(seed.EndPoint)}\""));
        return ConfigurationFactory.ParseString($$"""
            akka.remote.dot-netty.tcp { hostname = "{{settings.Address}}", port = {{settings.RemotePort}} }
            akka.cluster { roles = ["{{HostRole}}{{settings.Host}}"], seed-nodes = [{{seeds}}] }
            akka.loggers = ["{{typeof(LogBridge).FullName}}, {{typeof(LogBridge).Assembly.GetName().Name}}"]
            """).WithFallback(files.Merged);
    }

    private static Exception Innermost(Exception e)
    {
        while (e.InnerException is { } inner)
        {
            e = inner;
        }

        return e;
    }

    private static void RefuseUnfitContracts()
    {
        var defects = WireTypes.Defects(WireTypes.Messages(typeof(IWire).Assembly));
        if (!defects.IsEmpty)
        {
            throw new SettingsException($"This build must not talk to others: {string.Join(' ', defects)}");
        }
    }

    private static void RefuseForeignCertificate(NodeSettings settings, NodeIdentity identity)
    {
        if (!identity.Certificate.HasPrivateKey)
        {
            throw new SettingsException($"The node certificate in {settings.StateDirectory}/trust has no private key; enrol this host again.");
        }

        if (PeerCertificates.NodeName(identity.Certificate) is var name && name != settings.Host)
        {
            throw new SettingsException($"The node certificate in {settings.StateDirectory}/trust is for {(name is { } other ? $"host {other}" : "no host")}, but amig.host is {settings.Host}.");
        }
    }
}
