using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace ActorMigration.Host.Trust.Pki;

/// <summary>
/// One CA (ECDSA P-256, self-signed) in a directory, as NAME.crt and NAME.key. There are two: the attestation CA says which attestation
/// keys are in TPMs, the owner CA says which hosts are members. Kept off the hosts, at best on a machine without network.
/// </summary>
internal sealed class CertificateAuthority : IDisposable
{
    /// <summary>File name and subject of the CA for AK certificates.</summary>
    public const string Attestation = "attestation-ca";

    /// <summary>File name and subject of the CA for node certificates.</summary>
    public const string Owner = "owner-ca";

    /// <summary>Years. Longer than a host lives; shorter than P-256 is thought to.</summary>
    private const int YearsValid = 10;

    /// <summary>Certificates begin this much earlier, for hosts whose clock is behind.</summary>
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(5);

    /// <summary>How long a host's certificates last; then it enrols again.</summary>
    private static readonly TimeSpan HostValidity = TimeSpan.FromDays(365);

    /// <summary>Bytes of a serial number; RFC 5280 allows 20.</summary>
    private const int SerialBytes = 16;

    private readonly X509Certificate2 _certificate;
    private readonly ECDsa _key;
    private readonly TimeProvider _time;

    private CertificateAuthority(X509Certificate2 certificate, ECDsa key, TimeProvider time)
    {
        _certificate = certificate;
        _key = key;
        _time = time;
    }

    /// <summary>DER.</summary>
    public byte[] Certificate => _certificate.RawData;

    /// <summary>Makes a CA; refuses to replace one, as every certificate it issued would be worth nothing.</summary>
    public static void Create(string directory, string name, TimeProvider time)
    {
        var certificatePath = Path.Combine(directory, name + ".crt");
        if (File.Exists(certificatePath))
        {
            throw new TrustException($"{certificatePath} exists: a CA is not made anew over an old one; name another directory or remove it");
        }

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var suffix = RandomNumberGenerator.GetHexString(8, lowercase: true);
        var request = new CertificateRequest($"O=ActorMigration, CN={name} {suffix}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        var now = time.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now - ClockSkew, now.AddYears(YearsValid));
        TrustFile.CreateDirectory(directory);
        TrustFile.Write(Path.Combine(directory, name + ".key"), Pem.Key(key), secret: true);
        TrustFile.Write(certificatePath, Pem.Certificate(certificate.RawData));
    }

    public static CertificateAuthority Load(string directory, string name, TimeProvider time)
    {
        var certificate = Pem.ReadCertificate(Path.Combine(directory, name + ".crt"));
        var keyPath = Path.Combine(directory, name + ".key");
        var key = Pem.ReadKey(keyPath);
        using var inCertificate = certificate.GetECDsaPublicKey();
        if (inCertificate is null || !inCertificate.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(key.ExportSubjectPublicKeyInfo()))
        {
            key.Dispose();
            certificate.Dispose();
            throw new TrustException($"{keyPath} is not the key of {name}.crt beside it");
        }

        return new CertificateAuthority(certificate, key, time);
    }

    /// <summary>Issues an end certificate for a signing key; returns DER.</summary>
    public byte[] Issue(string commonName, PublicKey key, OidCollection usages, X509Extension subjectAlternativeName)
    {
        var request = new CertificateRequest(new X500DistinguishedName($"CN={commonName}"), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(usages, false));
        request.CertificateExtensions.Add(subjectAlternativeName);
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_certificate, true, false));
        var now = _time.GetUtcNow();
        using var issued = request.Create(
            _certificate.SubjectName,
            X509SignatureGenerator.CreateForECDsa(_key),
            now - ClockSkew,
            now + HostValidity,
            RandomNumberGenerator.GetBytes(SerialBytes));
        return issued.RawData;
    }

    public void Dispose()
    {
        _key.Dispose();
        _certificate.Dispose();
    }
}
