using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ActorMigration.Contracts;

namespace ActorMigration.Host.Stream;

/// <summary>
/// The key of one host for one attempt: made fresh in prepare, never written anywhere, erased by <see cref="Dispose"/>. Its
/// SPKI digest is bound in the host's quote, so the data plane accepts exactly the attested key; the same key signs the
/// manifest and the hand-over token. A theft of it ends with the attempt.
/// </summary>
public sealed class AttemptKey : IDisposable
{
    /// <summary>Bytes of a SPKI digest (SHA-256).</summary>
    public const int DigestSize = SHA256.HashSizeInBytes;

    /// <summary>The certificate only carries the key: peers pin the digest and look at no date. Wide enough for hosts whose clocks disagree.</summary>
    private static readonly TimeSpan Validity = TimeSpan.FromDays(3);

    private readonly ECDsa _key;
    private readonly byte[] _digest;

    private AttemptKey(ECDsa key, X509Certificate2 certificate)
    {
        _key = key;
        Certificate = certificate;
        _digest = DigestOf(certificate);
    }

    /// <summary>SHA-256 of the DER SubjectPublicKeyInfo.</summary>
    public ReadOnlySpan<byte> SpkiSha256 => _digest;

    /// <summary>The DER SubjectPublicKeyInfo, for who verifies signatures of this key.</summary>
    public byte[] SubjectPublicKeyInfo => _key.ExportSubjectPublicKeyInfo();

    internal X509Certificate2 Certificate { get; }

    /// <summary>A new P-256 key with its self-signed certificate.</summary>
    public static AttemptKey Create(TimeProvider time)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=amig attempt", key, HashAlgorithmName.SHA256);
        var now = time.GetUtcNow();
        return new AttemptKey(key, request.CreateSelfSigned(now - Validity, now + Validity));
    }

    /// <summary>ECDSA over SHA-256, in the fixed-length form of IEEE P1363.</summary>
    public byte[] Sign(ReadOnlySpan<byte> data) => _key.SignData(data, HashAlgorithmName.SHA256);

    /// <summary>Signs permission to propose DEST; the voters know this key's digest from BEGIN.</summary>
    public HandOverToken SignHandOver(Manifest manifest, byte[] destinationKeyDigest) => HandOverSignature.Sign(_key, manifest, destinationKeyDigest);

    /// <summary>True when <paramref name="signature"/> over <paramref name="data"/> is by the key with this SPKI.</summary>
    public static bool Verify(ReadOnlySpan<byte> subjectPublicKeyInfo, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        using var key = ECDsa.Create();
        try
        {
            key.ImportSubjectPublicKeyInfo(subjectPublicKeyInfo, out var read);
            return read == subjectPublicKeyInfo.Length && key.VerifyData(data, signature, HashAlgorithmName.SHA256);
        }
        catch (CryptographicException)
        {
            // Not an EC key at all, so not a signature of one.
            return false;
        }
    }

    public void Dispose()
    {
        Certificate.Dispose();
        _key.Dispose();
    }

    internal static byte[] DigestOf(X509Certificate2 certificate) => SHA256.HashData(certificate.PublicKey.ExportSubjectPublicKeyInfo());

    internal static bool IsKeyOf(X509Certificate2? certificate, ReadOnlySpan<byte> digest)
        => certificate is not null && CryptographicOperations.FixedTimeEquals(DigestOf(certificate), digest);
}
