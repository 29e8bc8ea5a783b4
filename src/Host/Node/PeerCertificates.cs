using System.Collections.Concurrent;
using System.Formats.Asn1;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ActorMigration.Contracts;

namespace ActorMigration.Host.Node;

/// <summary>
/// Decides on every TLS handshake of Akka.Remote whether the peer is a node of this owner, and remembers which node answered at
/// which address: only the dialling side knows the address, so a member's name is believed only after we have dialled it.
/// Thread-safe; DotNetty calls it from its event loops.
/// </summary>
/// <param name="ownerCa">The only CA whose certificates count.</param>
/// <param name="configured">Addresses whose node is known from amig.seeds.</param>
public sealed class PeerCertificates(X509Certificate2 ownerCa, IReadOnlyCollection<NamedEndpoint> configured)
{
    private const string NodeUri = "urn:amig:node:";

    private readonly ConcurrentDictionary<IPEndPoint, HostName> _seen = new();

    /// <summary>The node whose certificate was shown when this host dialled <paramref name="address"/>; null when it never did.</summary>
    public HostName? DialledAt(IPEndPoint address) => _seen.TryGetValue(address, out var host) ? host : null;

    /// <summary>Null when the peer may talk to us, else the sentence for the log.</summary>
    /// <param name="certificate">What it showed; null when nothing.</param>
    /// <param name="peer">As Akka.Remote names it: an Akka address when we dial, an IP and port when it does.</param>
    public string? Refusal(X509Certificate2? certificate, string peer)
    {
        if (certificate is null)
        {
            return $"{peer} showed no certificate";
        }

        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(ownerCa);
        // Node certificates are short-lived and name no revocation list; revocation is by the owner's policy.
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        if (!chain.Build(certificate))
        {
            return $"the certificate of {peer} ({certificate.Subject}) is not good: {string.Join(", ", chain.ChainStatus.Select(status => status.Status))}";
        }

        if (NodeName(certificate) is not { } host)
        {
            return $"the certificate of {peer} ({certificate.Subject}) does not name a node ({NodeUri}NAME)";
        }

        if (AkkaEndPoint(peer) is not { } address)
        {
            return null;
        }

        if (configured.FirstOrDefault(one => one.EndPoint.Equals(address)) is { } expected && expected.Host != host)
        {
            return $"node {host} answers at {address}, where amig.seeds has {expected.Host}";
        }

        // A certificate without any address is for a host whose addresses change; its name still binds it.
        var addresses = Addresses(certificate);
        if (addresses.Count > 0 && !addresses.Contains(address.Address))
        {
            return $"the certificate of node {host}, shown at {address}, is not for that address";
        }

        _seen[address] = host;
        return null;
    }

    /// <summary>NAME of the one <c>urn:amig:node:NAME</c> in the certificate; null when there is none, or more than one.</summary>
    public static HostName? NodeName(X509Certificate2 certificate)
    {
        var names = Uris(certificate).Where(uri => uri.StartsWith(NodeUri, StringComparison.Ordinal)).Select(uri => uri[NodeUri.Length..]).ToArray();
        return names is [var only] && HostName.IsValid(only) ? new HostName(only) : null;
    }

    private static List<IPAddress> Addresses(X509Certificate2 certificate)
        => [.. certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().SelectMany(extension => extension.EnumerateIPAddresses())];

    private static List<string> Uris(X509Certificate2 certificate)
    {
        // uniformResourceIdentifier [6] IA5String, RFC 5280 4.2.1.6. The framework's type gives DNS names and addresses only.
        var uriTag = new Asn1Tag(TagClass.ContextSpecific, 6);
        var uris = new List<string>();
        foreach (var extension in certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>())
        {
            try
            {
                var names = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
                while (names.HasData)
                {
                    if (names.PeekTag().HasSameClassAndValue(uriTag))
                    {
                        uris.Add(names.ReadCharacterString(UniversalTagNumber.IA5String, uriTag));
                    }
                    else
                    {
                        names.ReadEncodedValue();
                    }
                }
            }
            catch (AsnContentException)
            {
                // A malformed extension names nobody; the caller then refuses the certificate for that.
                uris.Clear();
            }
        }

        return uris;
    }

    /// <summary>Address in "ssl.tcp://amig@10.0.0.2:7070", or null for the form of the accepting side.</summary>
    private static IPEndPoint? AkkaEndPoint(string peer)
    {
        var at = peer.IndexOf("://", StringComparison.Ordinal) < 0 ? -1 : peer.IndexOf('@', StringComparison.Ordinal);
        return at >= 0 && IPEndPoint.TryParse(peer[(at + 1)..], out var endPoint) ? endPoint : null;
    }
}
