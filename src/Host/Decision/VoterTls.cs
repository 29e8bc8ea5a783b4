using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using ActorMigration.Contracts;
using ActorMigration.Host.Node;

namespace ActorMigration.Host.Decision;

/// <summary>TLS between nodes and voters: 1.3 only, node certificates of the owner CA on both sides, valid now, no resumption.</summary>
internal static class VoterTls
{
    internal static SslServerAuthenticationOptions Server(NodeIdentity identity) => new()
    {
        ServerCertificateContext = SslStreamCertificateContext.Create(identity.Certificate, additionalCertificates: null, offline: true),
        ClientCertificateRequired = true,
        EnabledSslProtocols = SslProtocols.Tls13,
        AllowTlsResume = false,
        AllowRenegotiation = false,
        EncryptionPolicy = EncryptionPolicy.RequireEncryption,
        CertificateChainPolicy = OwnerOnly(identity),
        RemoteCertificateValidationCallback = (_, peer, _, errors) => IsNode(peer, errors, SslPolicyErrors.None) is not null,
    };

    internal static SslClientAuthenticationOptions Client(NodeIdentity identity, HostName voter) => new()
    {
        TargetHost = voter.Value,
        ClientCertificateContext = SslStreamCertificateContext.Create(identity.Certificate, additionalCertificates: null, offline: true),
        EnabledSslProtocols = SslProtocols.Tls13,
        AllowTlsResume = false,
        AllowRenegotiation = false,
        EncryptionPolicy = EncryptionPolicy.RequireEncryption,
        CertificateChainPolicy = OwnerOnly(identity),
        // The name that counts is the node's URI, not a DNS name.
        RemoteCertificateValidationCallback = (_, peer, _, errors) => IsNode(peer, errors, SslPolicyErrors.RemoteCertificateNameMismatch) == voter,
    };

    /// <summary>The node that a connection's certificate names; null when it is no node of this owner.</summary>
    internal static HostName? PeerOf(SslStream stream)
        => stream.RemoteCertificate is X509Certificate2 certificate ? PeerCertificates.NodeName(certificate) : null;

    private static HostName? IsNode(X509Certificate? peer, SslPolicyErrors errors, SslPolicyErrors allowed)
        => peer is X509Certificate2 certificate && (errors & ~allowed) == SslPolicyErrors.None ? PeerCertificates.NodeName(certificate) : null;

    private static X509ChainPolicy OwnerOnly(NodeIdentity identity) => new()
    {
        TrustMode = X509ChainTrustMode.CustomRootTrust,
        CustomTrustStore = { identity.OwnerCa },
        RevocationMode = X509RevocationMode.NoCheck,
        DisableCertificateDownloads = true,
    };
}
