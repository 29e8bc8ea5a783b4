using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;
using ActorMigration.Actors.Trust;
using Tpm2Lib;

namespace ActorMigration.Host.Trust.Tpm;

public sealed partial class Tpm2Chip
{
    /// <summary>Bytes read from NV at once when the TPM does not say how many it can.</summary>
    private const uint DefaultNvChunk = 512;

    public IReadOnlyList<EndorsementKey> ReadEndorsementKeys() => Ask("read its endorsement certificates", () =>
    {
        var chunk = Tpm2.GetProperty(_tpm, Pt.NvBufferMax) is > 0 and var most ? most : DefaultNvChunk;
        var found = new List<EndorsementKey>();
        foreach (var template in Enum.GetValues<EkTemplate>())
        {
            if (ReadNv(KeyTemplates.CertificateIndex(template), (ushort)Math.Min(chunk, ushort.MaxValue)) is { } stored)
            {
                var certificate = TrimPadding(stored, template);
                CompareWithKey(certificate, template);
                found.Add(new EndorsementKey(template, certificate));
            }
        }

        return found;
    });

    public byte[] ActivateCredential(EkTemplate ekTemplate, Credential credential) => Ask("activate the credential", () =>
    {
        var ek = CreatePrimary(KeyTemplates.EndorsementKey(ekTemplate), out _);
        AuthSession? policy = null;
        try
        {
            if (KeyTemplates.NeedsPolicy(ekTemplate))
            {
                policy = _tpm.StartAuthSessionEx(TpmSe.Policy, TpmAlgId.Sha256);
                _tpm.PolicySecret(TpmRh.Endorsement, policy, [], [], [], 0, out _);
            }

            return _tpm[new Pwap(), policy is null ? new Pwap() : policy].ActivateCredential(
                Ak, ek, new IdObject(credential.Hmac, credential.EncryptedIdentity), credential.EncryptedSeed);
        }
        catch (TpmException e) when (ErrorOf(e) is TpmRc.Integrity or TpmRc.Value or TpmRc.Size or TpmRc.EccPoint or TpmRc.Failure)
        {
            // FAILURE is what libtpms says of an RSA ciphertext that does not decrypt. A TPM that really failed also refuses the flush
            // below, and that error is the one the caller gets.
            throw new TpmRefusedException($"the credential was not made for the TPM {_address} and its attestation key: {e.Message}", e);
        }
        finally
        {
            _tpm.FlushContext(ek);
            if (policy is not null)
            {
                _tpm.FlushContext(policy);
            }
        }
    });

    private byte[]? ReadNv(uint index, ushort chunk)
    {
        var nv = new TpmHandle(index);
        ushort size;
        try
        {
            size = _tpm.NvReadPublic(nv, out _).dataSize;
        }
        catch (TpmException e) when (ErrorOf(e) == TpmRc.Handle)
        {
            return null;
        }

        var read = new List<byte>();
        while (read.Count < size)
        {
            read.AddRange(_tpm.NvRead(nv, nv, (ushort)Math.Min(chunk, size - read.Count), (ushort)read.Count));
        }

        return [.. read];
    }

    /// <summary>Some makers fill the index up with FF or 00 behind the certificate.</summary>
    private static byte[] TrimPadding(byte[] stored, EkTemplate template)
    {
        try
        {
            AsnDecoder.ReadEncodedValue(stored, AsnEncodingRules.BER, out _, out _, out var length);
            return stored[..length];
        }
        catch (AsnContentException e)
        {
            throw new TpmRefusedException($"NV index 0x{KeyTemplates.CertificateIndex(template):X8} holds no certificate: {e.Message}", e);
        }
    }

    /// <summary>A certificate of another key than the TPM makes is the usual reason why activation fails, with an error that does not say so.</summary>
    private void CompareWithKey(byte[] certificate, EkTemplate template)
    {
        var ek = CreatePrimary(KeyTemplates.EndorsementKey(template), out var made);
        _tpm.FlushContext(ek);
        using var parsed = X509CertificateLoader.LoadCertificate(certificate);
        if (!EkPublicKey.IsOf(parsed, made))
        {
            throw new TpmRefusedException(
                $"the endorsement key that the TPM {_address} makes from template {template} is not the one in its certificate "
                + $"(NV 0x{KeyTemplates.CertificateIndex(template):X8}): its seed was changed, or its maker used a template of its own");
        }
    }
}
