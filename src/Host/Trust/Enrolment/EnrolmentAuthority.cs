using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ActorMigration.Actors.Trust;
using ActorMigration.Contracts;
using ActorMigration.Contracts.Trust;
using ActorMigration.Host.Trust.Credentials;
using ActorMigration.Host.Trust.Pki;

namespace ActorMigration.Host.Trust.Enrolment;

/// <summary>
/// The CA's side of enrolment, over a directory with both CAs, the challenges that wait (pending/) and the hosts enrolled so far
/// (issued/). Used by <c>amig ca</c>; errors are <see cref="TrustException"/>.
/// </summary>
public sealed class EnrolmentAuthority(string directory, TimeProvider time)
{
    /// <summary>Hex digits of a challenge's id.</summary>
    private const int IdDigits = 32;

    private string Pending(string id) => Path.Combine(directory, "pending", id + ".json");

    private string Issued(HostName host) => Path.Combine(directory, "issued", host.Value + ".json");

    /// <summary>Makes both CAs.</summary>
    public void Initialise()
    {
        CertificateAuthority.Create(directory, CertificateAuthority.Attestation, time);
        CertificateAuthority.Create(directory, CertificateAuthority.Owner, time);
        TrustFile.CreateDirectory(Path.Combine(directory, "pending"));
        TrustFile.CreateDirectory(Path.Combine(directory, "issued"));
    }

    /// <summary>Step 2: checks the endorsement certificate against <paramref name="ekRootsDirectory"/> and makes a credential for it and the attestation key.</summary>
    public EnrolmentChallenge Challenge(EnrolmentRequest request, string ekRootsDirectory)
    {
        var host = HostOf(request);
        AddressOf(request);
        var ak = AttestationKeyPublic.Parse(request.AttestationKey);
        var (ek, certificate, tpm) = FirstTrusted(request, ekRootsDirectory);
        using (certificate)
        {
            RefuseOtherTpm(host, Pem.Fingerprint(certificate));
            var secret = RandomNumberGenerator.GetBytes(EnrolmentProof.SecretBytes);
            var credential = CredentialMaker.Make(certificate, ek.Template, ak.Name, secret);
            var id = RandomNumberGenerator.GetHexString(IdDigits, lowercase: true);
            TrustFile.CreateDirectory(Path.Combine(directory, "pending"));
            TrustFile.Write(
                Pending(id),
                TrustFile.ToJson(new PendingEnrolment(request, tpm, Pem.Fingerprint(certificate), EnrolmentProof.Make(secret, request))),
                secret: true);
            return new EnrolmentChallenge(EnrolmentChallenge.CurrentForm, id, ek.Template, credential);
        }
    }

    /// <summary>Step 4: compares the proof and issues. A challenge is good for one answer, right or wrong.</summary>
    public EnrolmentBundle Issue(EnrolmentResponse response)
    {
        EnrolmentForm.Require(response.Form, EnrolmentResponse.CurrentForm);
        if (response.Id.Length != IdDigits || !response.Id.All(char.IsAsciiHexDigitLower) || !File.Exists(Pending(response.Id)))
        {
            throw new TrustException("the response answers no challenge that waits here: it was used already, or made by another CA directory");
        }

        var pending = TrustFile.ReadJson<PendingEnrolment>(Pending(response.Id), "a pending enrolment");
        File.Delete(Pending(response.Id));
        var host = HostOf(pending.Request);
        if (!CryptographicOperations.FixedTimeEquals(pending.ExpectedProof, response.Proof))
        {
            throw new TrustException($"host {host} did not open the credential, or its request was changed on the way; start again with a new request");
        }

        RefuseOtherTpm(host, pending.EkFingerprint);
        using var attestationCa = CertificateAuthority.Load(directory, CertificateAuthority.Attestation, time);
        using var ownerCa = CertificateAuthority.Load(directory, CertificateAuthority.Owner, time);
        var ak = HostCertificates.IssueAk(
            attestationCa, host, AttestationKeyPublic.Parse(pending.Request.AttestationKey), pending.Tpm, pending.EkFingerprint);
        var node = HostCertificates.IssueNode(ownerCa, host, AddressOf(pending.Request), pending.Request.NodeRequest);
        TrustFile.CreateDirectory(Path.Combine(directory, "issued"));
        TrustFile.Write(Issued(host), TrustFile.ToJson(new IssuedEnrolment(
            host.Value, pending.EkFingerprint, Convert.ToHexStringLower(SHA256.HashData(ak)), time.GetUtcNow())));
        return new EnrolmentBundle(
            EnrolmentBundle.CurrentForm, host.Value, ak, node, attestationCa.Certificate, ownerCa.Certificate);
    }

    private (EndorsementKey Ek, X509Certificate2 Certificate, TpmClass Tpm) FirstTrusted(EnrolmentRequest request, string ekRootsDirectory)
    {
        using var roots = EkRoots.Load(ekRootsDirectory);
        var why = "its TPM holds no endorsement certificate that this version knows (NV 0x01C00002, 0x01C0000A, 0x01C00016)";
        foreach (var ek in request.EndorsementKeys)
        {
            X509Certificate2? certificate = null;
            try
            {
                certificate = X509CertificateLoader.LoadCertificate(ek.Certificate);
                return (ek, certificate, roots.Verify(certificate, time.GetUtcNow()));
            }
            catch (Exception e) when (e is CryptographicException or TrustException)
            {
                // The next endorsement key may do; the last reason is reported.
                certificate?.Dispose();
                why = e.Message;
            }
        }

        throw new TrustException($"host {request.Host} is not enrolled: {why}");
    }

    /// <summary>A name belongs to the TPM that had it first, or a member could take over another's name.</summary>
    private void RefuseOtherTpm(HostName host, string ekFingerprint)
    {
        if (File.Exists(Issued(host))
            && TrustFile.ReadJson<IssuedEnrolment>(Issued(host), "an issued enrolment").EkFingerprint is var before
            && before != ekFingerprint)
        {
            throw new TrustException(
                $"host name {host} belongs to another TPM (EK {before}, not {ekFingerprint}); remove {Issued(host)} if that machine is gone");
        }
    }

    private static HostName HostOf(EnrolmentRequest request)
    {
        EnrolmentForm.Require(request.Form, EnrolmentRequest.CurrentForm);
        return HostName.IsValid(request.Host)
            ? new HostName(request.Host)
            : throw new TrustException($"\"{request.Host}\" is not a host name: {ContainerName.Rule.Replace("container", "host", StringComparison.Ordinal)}");
    }

    private static IPAddress AddressOf(EnrolmentRequest request)
        => IPAddress.TryParse(request.Address, out var address) && address.ToString() == request.Address
            ? address
            : throw new TrustException($"\"{request.Address}\" is not an IP address");
}
