using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using ActorMigration.Contracts;

namespace ActorMigration.Host.Stream;

/// <summary>
/// TLS of the data plane: 1.3 only, AES-256-GCM, both sides with a certificate whose key is the attested one. A resumed
/// session would skip the certificates, so there are no tickets; nothing is looked up on any network.
/// </summary>
internal static class DataPlaneTls
{
    private const string ServerNameSuffix = ".amig";

    /// <summary>Server name (SNI) of an attempt, for example <c>a-0123…cdef.amig</c>.</summary>
    internal static string ServerName(AttemptId attempt) => $"a-{attempt}{ServerNameSuffix}";

    internal static SslServerAuthenticationOptions Server(X509Certificate2 certificate, Func<X509Certificate2?, bool> isClient) => new()
    {
        ServerCertificateContext = SslStreamCertificateContext.Create(certificate, additionalCertificates: null, offline: true),
        ClientCertificateRequired = true,
        EnabledSslProtocols = SslProtocols.Tls13,
        AllowTlsResume = false,
        AllowRenegotiation = false,
        EncryptionPolicy = EncryptionPolicy.RequireEncryption,
        CipherSuitesPolicy = Ciphers(),
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        CertificateChainPolicy = NoChain(),
        // Only the key counts: there is no authority behind these certificates, and their errors say just that.
        RemoteCertificateValidationCallback = (_, peer, _, _) => isClient(peer as X509Certificate2),
    };

    internal static SslClientAuthenticationOptions Client(string serverName, AttemptKey own, byte[] serverSpki) => new()
    {
        TargetHost = serverName,
        ClientCertificateContext = SslStreamCertificateContext.Create(own.Certificate, additionalCertificates: null, offline: true),
        EnabledSslProtocols = SslProtocols.Tls13,
        AllowTlsResume = false,
        AllowRenegotiation = false,
        EncryptionPolicy = EncryptionPolicy.RequireEncryption,
        CipherSuitesPolicy = Ciphers(),
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        CertificateChainPolicy = NoChain(),
        RemoteCertificateValidationCallback = (_, peer, _, _) => AttemptKey.IsKeyOf(peer as X509Certificate2, serverSpki),
    };

    private static CipherSuitesPolicy Ciphers() => OperatingSystem.IsLinux()
        ? new CipherSuitesPolicy([TlsCipherSuite.TLS_AES_256_GCM_SHA384])
        : throw new PlatformNotSupportedException("the data plane runs on Linux only");

    private static X509ChainPolicy NoChain() => new()
    {
        RevocationMode = X509RevocationMode.NoCheck,
        TrustMode = X509ChainTrustMode.CustomRootTrust,
        DisableCertificateDownloads = true,
    };
}
