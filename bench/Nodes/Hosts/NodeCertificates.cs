using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ActorMigration.Contracts;
using ActorMigration.Host.Node;
using ActorMigration.Host.Trust.Pki;

namespace ActorMigration.Nodes;

/// <summary>An owner CA of this run, and node certificates as enrolment issues them.</summary>
internal sealed class NodeCertificates : IDisposable
{
    private readonly CertificateAuthority _owner;

    /// <param name="directory">Where the CA is made.</param>
    public NodeCertificates(string directory)
    {
        CertificateAuthority.Create(directory, CertificateAuthority.Owner, TimeProvider.System);
        _owner = CertificateAuthority.Load(directory, CertificateAuthority.Owner, TimeProvider.System);
    }

    public NodeIdentity Issue(HostName host, IPAddress address)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={host}", key, HashAlgorithmName.SHA256).CreateSigningRequest();
        using var bare = X509CertificateLoader.LoadCertificate(HostCertificates.IssueNode(_owner, host, address, request));
        using var withKey = bare.CopyWithPrivateKey(key);
        return new NodeIdentity(X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pfx), null), X509CertificateLoader.LoadCertificate(_owner.Certificate));
    }

    public void Dispose() => _owner.Dispose();
}
