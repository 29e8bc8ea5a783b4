using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace ActorMigration.Host.Trust.Pki;

/// <summary>Certificates and keys as files that other tools read too.</summary>
internal static class Pem
{
    public static byte[] Certificate(byte[] der) => Encoding.ASCII.GetBytes(PemEncoding.WriteString("CERTIFICATE", der) + "\n");

    public static byte[] Key(ECDsa key) => Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem() + "\n");

    /// <summary>Reads PEM or DER.</summary>
    public static X509Certificate2 ReadCertificate(string path)
    {
        try
        {
            return X509CertificateLoader.LoadCertificate(TrustFile.Read(path));
        }
        catch (CryptographicException e)
        {
            throw new TrustException($"{path} is not a certificate: {e.Message}", e);
        }
    }

    public static ECDsa ReadKey(string path)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(Encoding.ASCII.GetString(TrustFile.Read(path)));
            return key;
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            key.Dispose();
            throw new TrustException($"{path} is not a private key: {e.Message}", e);
        }
    }

    /// <summary>SHA-256 of a certificate's SubjectPublicKeyInfo, lower-case hex: how keys are named in messages and records.</summary>
    public static string Fingerprint(X509Certificate2 certificate)
        => Convert.ToHexStringLower(SHA256.HashData(certificate.PublicKey.ExportSubjectPublicKeyInfo()));
}
