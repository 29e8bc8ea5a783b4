using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ActorMigration.Actors.Trust;
using ActorMigration.Contracts;
using ActorMigration.Host.Trust.Pki;

namespace ActorMigration.Host.Trust.Enrolment;

/// <summary>
/// The host's side of enrolment, over STATE/trust. Used by <c>amig enrol</c> while no daemon holds the TPM; errors are
/// <see cref="TrustException"/>, <see cref="TpmRefusedException"/> and <see cref="TpmUnavailableException"/>. A host that is enrolled stays
/// so, with its old certificates, until <see cref="Install"/>.
/// </summary>
public sealed class EnrollingHost(string stateDirectory)
{
    private readonly TrustStatePaths _paths = new(stateDirectory);

    /// <summary>Step 1: makes a node key and says who this host is. A request made before is forgotten.</summary>
    public EnrolmentRequest Request(HostName host, IPAddress address, ITpm tpm)
    {
        var endorsementKeys = tpm.ReadEndorsementKeys();
        if (endorsementKeys.Count == 0)
        {
            throw new TrustException(
                "the TPM holds no endorsement certificate (NV 0x01C00002, 0x01C0000A, 0x01C00016), so nobody vouches for it");
        }

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var nodeRequest = new CertificateRequest($"CN={host}", key, HashAlgorithmName.SHA256).CreateSigningRequest();
        var request = new EnrolmentRequest(
            EnrolmentRequest.CurrentForm, host.Value, address.ToString(), [.. endorsementKeys], tpm.ReadAttestationKey(), nodeRequest);
        TrustFile.CreateDirectory(stateDirectory);
        TrustFile.CreateDirectory(_paths.Directory);
        TrustFile.Write(_paths.PendingKey, Pem.Key(key), secret: true);
        TrustFile.Write(_paths.Request, TrustFile.ToJson(request));
        return request;
    }

    /// <summary>Step 3: opens the credential in the TPM.</summary>
    public EnrolmentResponse Activate(EnrolmentChallenge challenge, ITpm tpm)
    {
        EnrolmentForm.Require(challenge.Form, EnrolmentChallenge.CurrentForm);
        var request = PendingRequest();
        if (!tpm.ReadAttestationKey().AsSpan().SequenceEqual(request.AttestationKey))
        {
            throw new TrustException("the TPM makes another attestation key than at the request (cleared, or another TPM); make a new request");
        }

        var secret = tpm.ActivateCredential(challenge.Template, challenge.Credential);
        return new EnrolmentResponse(EnrolmentResponse.CurrentForm, challenge.Id, EnrolmentProof.Make(secret, request));
    }

    /// <summary>After step 4: checks that the certificates are for this host's keys and puts them in place, the node's own last.</summary>
    public void Install(EnrolmentBundle bundle)
    {
        EnrolmentForm.Require(bundle.Form, EnrolmentBundle.CurrentForm);
        var request = PendingRequest();
        if (bundle.Host != request.Host)
        {
            throw new TrustException($"the bundle is for host {bundle.Host}, and the request that waits here is of host {request.Host}");
        }

        using var key = Pem.ReadKey(_paths.PendingKey);
        try
        {
            using var ak = X509CertificateLoader.LoadCertificate(bundle.AkCertificate);
            using var node = X509CertificateLoader.LoadCertificate(bundle.NodeCertificate);
            using var akInTpm = ECDsa.Create(AttestationKeyPublic.Parse(request.AttestationKey).Parameters);
            RequireKey(ak, akInTpm, "AK");
            RequireKey(node, key, "node");
            IssuedBy.Require(ak, bundle.AttestationCa, "AK");
            IssuedBy.Require(node, bundle.OwnerCa, "node");
            using var withKey = node.CopyWithPrivateKey(key);
            TrustFile.Write(_paths.AkPublic, request.AttestationKey);
            TrustFile.Write(_paths.AkCertificate, Pem.Certificate(bundle.AkCertificate));
            TrustFile.Write(_paths.AttestationCa, Pem.Certificate(bundle.AttestationCa));
            TrustFile.Write(_paths.OwnerCa, Pem.Certificate(bundle.OwnerCa));
            TrustFile.Write(_paths.Node, withKey.Export(X509ContentType.Pfx), secret: true);
        }
        catch (CryptographicException e)
        {
            throw new TrustException($"the bundle holds a certificate that is not well formed: {e.Message}", e);
        }

        File.Delete(_paths.PendingKey);
        File.Delete(_paths.Request);
    }

    private EnrolmentRequest PendingRequest()
        => File.Exists(_paths.Request)
            ? TrustFile.ReadJson<EnrolmentRequest>(_paths.Request, "an enrolment request")
            : throw new TrustException($"no enrolment waits in {_paths.Directory}; begin with `amig enrol request`");

    private static void RequireKey(X509Certificate2 certificate, ECDsa key, string what)
    {
        if (!certificate.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(key.ExportSubjectPublicKeyInfo()))
        {
            throw new TrustException($"the {what} certificate of the bundle is for another key than this host's");
        }
    }
}
