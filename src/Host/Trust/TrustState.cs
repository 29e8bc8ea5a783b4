using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using ActorMigration.Actors.Trust;
using ActorMigration.Actors.Trust.Verification;
using ActorMigration.Contracts.Trust;

namespace ActorMigration.Host.Trust;

/// <summary>
/// What enrolment and the operator left in STATE/trust, for a node that starts: its certificates and keys, the CAs it believes and the
/// policy it verifies by.
/// </summary>
/// <param name="Node">Node certificate with its private key, for mutual TLS.</param>
/// <param name="NodePfxPath">The same as a PKCS #12 file without password, mode 0600, for libraries that want a path.</param>
/// <param name="OwnerCa">Issuer of every member's node certificate.</param>
/// <param name="AkCertificate">DER certificate of this host's attestation key.</param>
/// <param name="Anchors">Attestation CAs.</param>
/// <param name="Policy">What this host demands of others, as it was read.</param>
/// <param name="PolicyPath">From where.</param>
public sealed record TrustState(
    X509Certificate2 Node,
    string NodePfxPath,
    X509Certificate2 OwnerCa,
    byte[] AkCertificate,
    TrustAnchors Anchors,
    AttestationPolicy Policy,
    string PolicyPath) : IDisposable
{
    /// <summary>Throws <see cref="TrustException"/> that names the file that is missing or wrong.</summary>
    public static TrustState Load(string stateDirectory)
    {
        var paths = new TrustStatePaths(stateDirectory);
        if (Array.Find((string[])[paths.Node, paths.AkCertificate, paths.AttestationCa, paths.OwnerCa], file => !File.Exists(file)) is { } missing)
        {
            throw new TrustException($"{missing} is not there: enrol this host ('amig enrol') before its daemon is started");
        }

        var policy = ReadPolicy(paths.Policy);
        using var ak = Pki.Pem.ReadCertificate(paths.AkCertificate);
        using var attestationCa = Pki.Pem.ReadCertificate(paths.AttestationCa);
        return new TrustState(
            ReadNode(paths.Node),
            paths.Node,
            Pki.Pem.ReadCertificate(paths.OwnerCa),
            ak.RawData,
            TrustAnchors.FromDer(attestationCa.RawData),
            policy,
            paths.Policy);
    }

    /// <summary>Reads a policy file; throws <see cref="TrustException"/>.</summary>
    public static AttestationPolicy ReadPolicy(string path) => ParsePolicy(Encoding.UTF8.GetString(TrustFile.Read(path)), path);

    /// <summary>The same for the content of a file that <paramref name="path"/> names.</summary>
    internal static AttestationPolicy ParsePolicy(string json, string path)
    {
        try
        {
            return AttestationPolicyJson.Parse(json);
        }
        catch (AttestationPolicyException e)
        {
            throw new TrustException($"{path}: {e.Message}", e);
        }
    }

    /// <summary>What goes into this host's evidence; quotes the PCRs of the policy as it is at each quote.</summary>
    public AttestationIdentity Identity(Func<AttestationPolicy> policy) => new(() => policy().QuotedPcrs, AkCertificate, []);

    public void Dispose()
    {
        Node.Dispose();
        OwnerCa.Dispose();
    }

    private static X509Certificate2 ReadNode(string path)
    {
        try
        {
            return X509CertificateLoader.LoadPkcs12(TrustFile.Read(path), null);
        }
        catch (CryptographicException e)
        {
            throw new TrustException($"{path} is not a node certificate with its key: {e.Message}", e);
        }
    }
}
