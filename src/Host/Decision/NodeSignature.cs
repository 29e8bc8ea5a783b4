using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ActorMigration.Actors;
using ActorMigration.Contracts;
using ActorMigration.Host.Node;

namespace ActorMigration.Host.Decision;

/// <summary>
/// Signatures of nodes carry the node's certificate, so that whoever knows the owner CA can check them without a list of all nodes:
/// certificate (DER, with its length before it), then ECDSA P-256 over SHA-256 (IEEE P1363, with its length).
/// </summary>
public sealed class NodeSigner : INodeSigner, IDisposable
{
    private readonly ECDsa _key;
    private readonly byte[] _certificate;

    public NodeSigner(NodeIdentity identity)
    {
        Self = PeerCertificates.NodeName(identity.Certificate)
               ?? throw new CryptographicException("the node certificate does not name this node (urn:amig:node:NAME)");
        _key = identity.Certificate.GetECDsaPrivateKey() ?? throw new CryptographicException("the node certificate's key is not ECDSA");
        _certificate = identity.Certificate.RawData;
    }

    public HostName Self { get; }

    public byte[] Sign(ReadOnlySpan<byte> message)
    {
        lock (_key)
        {
            return new WireWriter().Bytes(_certificate).Bytes(_key.SignData(message, HashAlgorithmName.SHA256)).ToArray();
        }
    }

    public void Dispose() => _key.Dispose();
}

/// <summary>Checks <see cref="NodeSigner"/>'s signatures; thread-safe. A certificate that was found good stays good for this daemon's life, so that an old verdict can be checked.</summary>
public sealed class NodeKeys(X509Certificate2 ownerCa) : INodeKeys
{
    /// <summary>Bytes of one certificate; ours have under 1 KiB.</summary>
    private const int MaxCertificateBytes = 4096;

    private const int MaxSignatureBytes = 256;

    private readonly ConcurrentDictionary<string, HostName> _good = new();

    public bool Verify(HostName node, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        try
        {
            var reader = new WireReader(signature);
            var der = reader.Bytes(MaxCertificateBytes);
            var value = reader.Bytes(MaxSignatureBytes);
            reader.End();
            using var certificate = X509CertificateLoader.LoadCertificate(der);
            using var key = certificate.GetECDsaPublicKey();
            return key is not null && NodeOf(certificate) == node && key.VerifyData(message, value, HashAlgorithmName.SHA256);
        }
        catch (Exception e) when (e is WireFormatException or CryptographicException)
        {
            // Not a signature of ours, whatever it is.
            return false;
        }
    }

    /// <summary>The node that the certificate names, when the owner CA issued it; null otherwise.</summary>
    public HostName? NodeOf(X509Certificate2 certificate)
    {
        if (_good.TryGetValue(certificate.Thumbprint, out var known))
        {
            return known;
        }

        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(ownerCa);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        // Validity in time is asked of connections, not of signatures: a verdict is true for ever.
        chain.ChainPolicy.VerificationFlags = X509VerificationFlags.IgnoreNotTimeValid;
        if (!chain.Build(certificate) || PeerCertificates.NodeName(certificate) is not { } node)
        {
            return null;
        }

        _good[certificate.Thumbprint] = node;
        return node;
    }
}
