using System.Security.Cryptography.X509Certificates;

namespace ActorMigration.Host.Node;

/// <summary>Who this host is to the other daemons: its certificate with key, and the CA that must have issued theirs.</summary>
/// <param name="Certificate">Node certificate with its private key; SAN has <c>urn:amig:node:NAME</c>.</param>
/// <param name="OwnerCa">Certificate of the owner CA.</param>
public sealed record NodeIdentity(X509Certificate2 Certificate, X509Certificate2 OwnerCa) : IDisposable
{
    public void Dispose()
    {
        Certificate.Dispose();
        OwnerCa.Dispose();
    }
}
