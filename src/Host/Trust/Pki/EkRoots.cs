using System.Security.Cryptography.X509Certificates;
using ActorMigration.Contracts.Trust;

namespace ActorMigration.Host.Trust.Pki;

/// <summary>
/// The TPM makers that the operator believes: a directory of certificates (PEM or DER, .crt .cer .pem .der). Self-signed ones are roots,
/// others help on the way. What lies in its subdirectory <c>software</c> vouches for software TPMs only.
/// </summary>
internal sealed class EkRoots : IDisposable
{
    private const string SoftwareDirectory = "software";

    private static readonly string[] Suffixes = [".crt", ".cer", ".pem", ".der"];

    private readonly X509Certificate2Collection _roots = [];
    private readonly X509Certificate2Collection _between = [];
    private readonly HashSet<string> _softwareRoots = [];
    private readonly string _directory;

    private EkRoots(string directory) => _directory = directory;

    public static EkRoots Load(string directory)
    {
        var roots = new EkRoots(directory);
        try
        {
            roots.Add(directory, software: false);
            var software = Path.Combine(directory, SoftwareDirectory);
            if (Directory.Exists(software))
            {
                roots.Add(software, software: true);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            roots.Dispose();
            throw new TrustException($"cannot read the EK roots in {directory}: {e.Message}", e);
        }

        return roots;
    }

    /// <summary>
    /// Leads an endorsement certificate to a root and says what kind of TPM it is of. Without downloads and revocation lists: makers
    /// publish them at addresses in the certificate, which is the applicant's to choose.
    /// </summary>
    public TpmClass Verify(X509Certificate2 ek, DateTimeOffset now)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(_roots);
        chain.ChainPolicy.ExtraStore.AddRange(_between);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTime = now.UtcDateTime;
        var valid = chain.Build(ek);
        var path = chain.ChainElements.Select(e => e.Certificate).ToArray();
        try
        {
            if (!valid)
            {
                var problems = string.Join("; ", chain.ChainStatus.Select(s => s.Status));
                throw new TrustException(
                    $"the endorsement certificate issued by \"{ek.Issuer}\" does not lead to a root in {_directory} ({problems}); "
                    + "add its maker's root and intermediate certificates there if you trust that maker");
            }

            var software = _softwareRoots.Contains(path[^1].Thumbprint) || TpmManufacturer.IsSoftware(TpmManufacturer.Of(ek));
            return software ? TpmClass.Software : TpmClass.Chip;
        }
        finally
        {
            Array.ForEach(path, certificate => certificate.Dispose());
        }
    }

    public void Dispose()
    {
        foreach (var certificate in _roots.Concat(_between))
        {
            certificate.Dispose();
        }
    }

    private void Add(string directory, bool software)
    {
        foreach (var path in Directory.EnumerateFiles(directory).Where(p => Suffixes.Contains(Path.GetExtension(p))).Order(StringComparer.Ordinal))
        {
            var certificate = Pem.ReadCertificate(path);
            var selfSigned = certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData);
            (selfSigned ? _roots : _between).Add(certificate);
            if (selfSigned && software)
            {
                _softwareRoots.Add(certificate.Thumbprint);
            }
        }
    }
}
