using ActorMigration.Actors.Trust;
using ActorMigration.Contracts.Trust;

namespace ActorMigration.Host.Trust.Enrolment;

/// <summary>Step 1, host to CA: who I am, and the keys.</summary>
/// <param name="Form">The file's kind and version.</param>
/// <param name="Host">Name the host asks for.</param>
/// <param name="Address">IP address the host asks for.</param>
/// <param name="EndorsementKeys">With the maker's certificates; the CA takes the first it can verify.</param>
/// <param name="AttestationKey">TPMT_PUBLIC.</param>
/// <param name="NodeRequest">PKCS #10 of the node key, DER.</param>
public sealed record EnrolmentRequest(
    string Form, string Host, string Address, EndorsementKey[] EndorsementKeys, byte[] AttestationKey, byte[] NodeRequest)
{
    public const string CurrentForm = "amig-enrolment-request/1";
}

/// <summary>Step 2, CA to host: prove that the attestation key is in the TPM of that endorsement key.</summary>
/// <param name="Form">The file's kind and version.</param>
/// <param name="Id">Names the challenge at the CA.</param>
/// <param name="Template">Which endorsement key opens it.</param>
/// <param name="Credential">The secret, encrypted.</param>
public sealed record EnrolmentChallenge(string Form, string Id, EkTemplate Template, Credential Credential)
{
    public const string CurrentForm = "amig-enrolment-challenge/1";
}

/// <summary>Step 3, host to CA: the proof.</summary>
/// <param name="Form">The file's kind and version.</param>
/// <param name="Id">As in the challenge.</param>
/// <param name="Proof"><see cref="EnrolmentProof"/>.</param>
public sealed record EnrolmentResponse(string Form, string Id, byte[] Proof)
{
    public const string CurrentForm = "amig-enrolment-response/1";
}

/// <summary>Step 4, CA to host: the certificates, all DER.</summary>
/// <param name="Form">The file's kind and version.</param>
/// <param name="Host">Name that was granted.</param>
/// <param name="AkCertificate">For the attestation key.</param>
/// <param name="NodeCertificate">For the node key.</param>
/// <param name="AttestationCa">Issuer of all hosts' AK certificates.</param>
/// <param name="OwnerCa">Issuer of all hosts' node certificates.</param>
public sealed record EnrolmentBundle(
    string Form, string Host, byte[] AkCertificate, byte[] NodeCertificate, byte[] AttestationCa, byte[] OwnerCa)
{
    public const string CurrentForm = "amig-enrolment-bundle/1";
}

/// <summary>What the CA keeps between challenge and issue. It does not keep the secret, only the proof that it expects.</summary>
internal sealed record PendingEnrolment(EnrolmentRequest Request, TpmClass Tpm, string EkFingerprint, byte[] ExpectedProof);

/// <summary>What the CA keeps of an enrolled host: its name belongs to this TPM.</summary>
internal sealed record IssuedEnrolment(string Host, string EkFingerprint, string AkCertificateSha256, DateTimeOffset IssuedAt);

/// <summary>Tells one step's file from another's.</summary>
internal static class EnrolmentForm
{
    public static void Require(string form, string expected)
    {
        if (form != expected)
        {
            throw new TrustException($"the file is of form \"{form}\", not \"{expected}\"");
        }
    }
}
