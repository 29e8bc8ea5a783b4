using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace ActorMigration.Host.Node;

/// <summary>Reads this host's <see cref="NodeIdentity"/> from amig.trust.dir, where enrolment has written it.</summary>
internal static class NodeIdentityFile
{
    internal const string Node = "node.pfx";
    internal const string OwnerCa = "owner-ca.crt";

    internal static NodeIdentity Load(string trustDirectory)
    {
        try
        {
            return new NodeIdentity(
                X509CertificateLoader.LoadPkcs12FromFile(Path.Combine(trustDirectory, Node), null),
                X509CertificateLoader.LoadCertificateFromFile(Path.Combine(trustDirectory, OwnerCa)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new SettingsException($"This host has no usable node certificate in {trustDirectory} (amig.trust.dir: {Node}, {OwnerCa}): {e.Message} Enrol the host first.", e);
        }
    }
}
