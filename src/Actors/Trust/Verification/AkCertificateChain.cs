using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ActorMigration.Contracts.Trust;

namespace ActorMigration.Actors.Trust.Verification;

/// <summary>Leads an AK certificate to one of this host's own trust anchors.</summary>
internal static class AkCertificateChain
{
    /// <summary>Throws <see cref="RuleViolation"/>; offline: nothing is downloaded, revocation is by taking a CA or host out of the cluster's files.</summary>
    public static void Verify(X509Certificate2 leaf, byte[][] chainDer, TrustAnchors anchors, DateTimeOffset now)
    {
        using var roots = new Certificates(anchors.Certificates.Select(X509CertificateLoader.LoadCertificate));
        using var between = new Certificates(chainDer.Select(der => AkCertificate.Load(der, "a certificate of its chain")));
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(roots.All);
        chain.ChainPolicy.ExtraStore.AddRange(between.All);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTime = now.UtcDateTime;

        var valid = Build(chain, leaf);
        var path = chain.ChainElements.Select(e => e.Certificate).ToArray();
        try
        {
            if (!valid)
            {
                var problems = chain.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, s) => all | s.Status);
                throw problems == X509ChainStatusFlags.NotTimeValid
                    ? new RuleViolation(AttestationRule.AkCertificateExpired, Validity(leaf, now))
                    : new RuleViolation(
                        AttestationRule.AkChainInvalid, $"its AK certificate, issued by {leaf.Issuer}, does not lead to the attestation CA ({problems})");
            }

            // A certificate that is sent and not used is a bit of evidence that nothing vouches for.
            RuleViolation.Unless(
                path.Length == chainDer.Length + 2 && path[1..^1].Zip(chainDer).All(p => p.First.RawDataMemory.Span.SequenceEqual(p.Second)),
                AttestationRule.AkChainInvalid,
                "its certificate chain is not exactly the way from the AK certificate to the attestation CA");
        }
        finally
        {
            foreach (var element in path)
            {
                element.Dispose();
            }
        }
    }

    private static bool Build(X509Chain chain, X509Certificate2 leaf)
    {
        try
        {
            return chain.Build(leaf);
        }
        catch (CryptographicException e)
        {
            // A certificate whose key is no key makes the chain builder throw instead of saying no.
            throw new RuleViolation(AttestationRule.AkChainInvalid, $"its AK certificate cannot be checked: {e.Message}");
        }
    }

    private static string Validity(X509Certificate2 leaf, DateTimeOffset now)
        => $"its AK certificate (or one above it) is not valid at {now:u}: it runs from {leaf.NotBefore.ToUniversalTime():u} to {leaf.NotAfter.ToUniversalTime():u}";

    /// <summary>Certificates that are released together.</summary>
    private sealed class Certificates : IDisposable
    {
        public Certificates(IEnumerable<X509Certificate2> certificates) => All.AddRange(certificates.ToArray());

        public X509Certificate2Collection All { get; } = [];

        public void Dispose()
        {
            foreach (var certificate in All)
            {
                certificate.Dispose();
            }
        }
    }
}
