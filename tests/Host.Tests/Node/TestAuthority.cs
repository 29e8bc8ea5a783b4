using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ActorMigration.Host.Node;

namespace ActorMigration.Host.Tests.Node;

/// <summary>An owner CA of a test, and node certificates as enrolment issues them; also the wrong ones.</summary>
internal sealed class TestAuthority : IDisposable
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    internal TestAuthority()
    {
        var request = new CertificateRequest("CN=owner CA of a test", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        Certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }

    internal X509Certificate2 Certificate { get; }

    internal NodeIdentity Issue(string host, string address, TimeSpan? expiredSince = null, string uri = "urn:amig:node:")
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={host}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")], false));
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Parse(address));
        names.AddUri(new Uri(uri + host));
        request.CertificateExtensions.Add(names.Build());
        var end = expiredSince is { } since ? DateTimeOffset.UtcNow - since : DateTimeOffset.UtcNow.AddHours(1);
        using var bare = request.Create(Certificate, DateTimeOffset.UtcNow.AddHours(-20), end, RandomNumberGenerator.GetBytes(8));
        using var withKey = bare.CopyWithPrivateKey(key);
        return new NodeIdentity(
            X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pfx), null),
            X509CertificateLoader.LoadCertificate(Certificate.RawData));
    }

    public void Dispose()
    {
        Certificate.Dispose();
        _key.Dispose();
    }
}
