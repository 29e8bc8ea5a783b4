using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ActorMigration.Actors.Trust.Verification;
using ActorMigration.Contracts;
using ActorMigration.Contracts.Trust;

namespace ActorMigration.Actors.Tests.Trust;

/// <summary>An attestation CA in memory that issues whatever a test asks for.</summary>
internal sealed class TestAuthority
{
    public static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly X509Certificate2 _certificate;

    public TestAuthority(string name = "test attestation CA")
    {
        Key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", Key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        _certificate = request.CreateSelfSigned(Now.AddYears(-1), Now.AddYears(9));
    }

    private ECDsa Key { get; }

    public TrustAnchors Anchors => TrustAnchors.FromDer(_certificate.RawData);

    /// <summary>An issuing CA between this one and the end certificates.</summary>
    public (byte[] Der, Func<AkRequest, byte[]> Issue) Intermediate()
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=issuing", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var certificate = Sign(request, _certificate.SubjectName, Key, new AkRequest());
        var subject = X509CertificateLoader.LoadCertificate(certificate).SubjectName;
        return (certificate, ak => Issue(ak, subject, key));
    }

    public byte[] Issue(AkRequest ak) => Issue(ak, _certificate.SubjectName, Key);

    private static byte[] Issue(AkRequest ak, X500DistinguishedName issuer, ECDsa issuerKey)
    {
        var request = new CertificateRequest(new X500DistinguishedName("CN=ak"), ak.PublicKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ak.Usage)], false));
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("ignored.example");
        Array.ForEach(ak.Uris, uri => names.AddUri(new Uri(uri)));
        request.CertificateExtensions.Add(names.Build());
        return Sign(request, issuer, issuerKey, ak);
    }

    private static byte[] Sign(CertificateRequest request, X500DistinguishedName issuer, ECDsa key, AkRequest ak)
        => request.Create(issuer, X509SignatureGenerator.CreateForECDsa(key), ak.NotBefore, ak.NotAfter, RandomNumberGenerator.GetBytes(16)).RawData;
}

/// <summary>What an AK certificate is to say; by default all that a good one does.</summary>
internal sealed record AkRequest
{
    public static readonly HostName Host = new("b");

    public ECDsa Key { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public PublicKey PublicKey
    {
        get => field ?? new PublicKey(Key);
        init;
    }

    public string Usage { get; init; } = AkCertificateProfile.KeyUsageOid;

    public string[] Uris { get; init; } = AkCertificateProfile.Uris(Host, TpmClass.Chip, "00ff");

    public DateTimeOffset NotBefore { get; init; } = TestAuthority.Now.AddDays(-1);

    public DateTimeOffset NotAfter { get; init; } = TestAuthority.Now.AddDays(1);
}
