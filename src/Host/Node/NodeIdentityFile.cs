using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace ActorMigration.Host.Node;

/// <summary>Reads this host's <see cref="NodeIdentity"/> from amig.trust.dir, where enrolment has written it (PEM).</summary>
internal static class NodeIdentityFile
{
    internal const string Certificate = "node.crt";
    internal const string Key = "node.key";
    internal const string OwnerCa = "owner-ca.crt";

    internal static NodeIdentity Load(string trustDirectory)
    {
        string PathOf(string file) => Path.Combine(trustDirectory, file);
        try
        {
            return new NodeIdentity(
                X509Certificate2.CreateFromPemFile(PathOf(Certificate), PathOf(Key)),
                X509CertificateLoader.LoadCertificateFromFile(PathOf(OwnerCa)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new SettingsException(
                $"This host has no usable node certificate in {trustDirectory} (amig.trust.dir; {Certificate}, {Key}, {OwnerCa}): {e.Message} Enrol the host first.", e);
        }
    }
}
