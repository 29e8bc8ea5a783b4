using System.Security.Cryptography.X509Certificates;

namespace ActorMigration.Host.Trust.Enrolment;

/// <summary>Checks that a bundle is consistent: each certificate under the CA that comes with it.</summary>
internal static class IssuedBy
{
    public static void Require(X509Certificate2 certificate, byte[] caDer, string what)
    {
        using var ca = X509CertificateLoader.LoadCertificate(caDer);
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(ca);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;

        // Only who signed is asked here; whether it is valid now, the verifier asks each time.
        chain.ChainPolicy.VerificationFlags = X509VerificationFlags.IgnoreNotTimeValid;
        if (!chain.Build(certificate))
        {
            throw new TrustException($"the {what} certificate of the bundle was not issued by the CA in it");
        }
    }
}
