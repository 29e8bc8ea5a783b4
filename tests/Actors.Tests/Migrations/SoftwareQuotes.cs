using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ActorMigration.Actors.Trust;
using ActorMigration.Actors.Trust.Verification;
using ActorMigration.Contracts;
using ActorMigration.Contracts.Trust;
using Akka.Actor;

namespace ActorMigration.Actors.Tests.Migrations;

/// <summary>
/// Quotes as a TPM would sign them, by a key in memory whose certificate a test's attestation CA issued: the production verifier accepts them, and
/// refuses them once a PCR has another value.
/// </summary>
internal sealed class SoftwareQuotes
{
    private readonly ECDsa _caKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _ca;

    private readonly TimeSpan _validity;
    private readonly ConcurrentDictionary<HostName, string> _fingerprints = new();

    /// <param name="validity">How long the certificates are valid from now; an hour if not given.</param>
    public SoftwareQuotes(TimeSpan? validity = null)
    {
        _validity = validity ?? TimeSpan.FromHours(1);
        var request = new CertificateRequest("CN=attestation CA of a test", _caKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        _ca = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1) + _validity);
        Policy = new AttestationPolicy(
            "test", AllowSoftwareTpm: true, TimeSpan.FromMinutes(1), [],
            ImmutableSortedDictionary<int, ImmutableSortedSet<string>>.Empty.Add(7, [new string('0', 64)]));
    }

    public AttestationPolicy Policy { get; set; }

    public TrustAnchors Anchors => TrustAnchors.FromDer(_ca.RawData);

    /// <summary>A tpm actor of a host; <paramref name="pcr7"/> and <paramref name="isForged"/> (signed by another key) are asked for at each quote.</summary>
    public Props Tpm(HostName host, Func<byte> pcr7, Func<bool>? isForged = null)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        _fingerprints[host] = Convert.ToHexStringLower(SHA256.HashData(key.ExportSubjectPublicKeyInfo()));
        var request = new CertificateRequest($"CN={host}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(AkCertificateProfile.KeyUsageOid)], true));
        var names = new SubjectAlternativeNameBuilder();
        foreach (var uri in AkCertificateProfile.Uris(host, TpmClass.Software, new string('a', 64)))
        {
            names.AddUri(new Uri(uri));
        }

        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.Create(_ca, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow + _validity, RandomNumberGenerator.GetBytes(8));
        var der = certificate.RawData;
        return Props.Create(() => new TpmStandIn(key, der, pcr7, isForged ?? (static () => false), () => Resets.GetValueOrDefault(host, 1u), pcrs => Asked.Enqueue(pcrs)));
    }

    /// <summary>How often each TPM says that it was reset; once, if not given.</summary>
    public ConcurrentDictionary<HostName, uint> Resets { get; } = new();

    /// <summary>Which PCRs the quotes were asked for; null for those of the host's own policy.</summary>
    public ConcurrentQueue<int[]?> Asked { get; } = new();

    /// <summary>Of the host's attestation key, the last that was made.</summary>
    public string FingerprintOf(HostName host) => _fingerprints[host];

    private static byte[] Attest(byte[] qualifyingData, byte[] pcr, uint resets)
    {
        var bytes = new List<byte>();
        void U16(int v) => bytes.AddRange([(byte)(v >> 8), (byte)v]);
        void U32(uint v)
        {
            var b = new byte[4];
            BinaryPrimitives.WriteUInt32BigEndian(b, v);
            bytes.AddRange(b);
        }

        U32(0xFF544347);
        U16(0x8018);
        U16(0);
        U16(qualifyingData.Length);
        bytes.AddRange(qualifyingData);
        U32(0);
        U32(1);
        U32(resets);
        U32(1);
        bytes.Add(1);
        U32(0);
        U32(1);
        U32(1);
        U16((int)PcrBank.Sha256);
        bytes.AddRange([3, 0x80, 0, 0]);
        U16(32);
        bytes.AddRange(SHA256.HashData(pcr));
        return [.. bytes];
    }

    private static byte[] Signature(ECDsa key, byte[] attest)
    {
        var rs = key.SignData(attest, HashAlgorithmName.SHA256);
        return [0, 0x18, 0, 0x0B, 0, 32, .. rs[..32], 0, 32, .. rs[32..]];
    }

    private sealed class TpmStandIn : ReceiveActor
    {
        private static readonly ECDsa Another = ECDsa.Create(ECCurve.NamedCurves.nistP256);

        public TpmStandIn(ECDsa key, byte[] certificate, Func<byte> pcr7, Func<bool> isForged, Func<uint> resets, Action<int[]?> asked)
            => Receive<TpmCommands.Quote>(quote =>
            {
                asked(quote.Pcrs);
                var pcr = new byte[32];
                pcr[31] = pcr7();
                var attest = Attest(quote.QualifyingData, pcr, resets());
                Sender.Tell(new TpmReplies.Quoted(new Evidence(
                    EvidenceKind.Tpm2Quote, attest, Signature(isForged() ? Another : key, attest), [new PcrValue(PcrBank.Sha256, 7, pcr)], certificate, [])));
            });
    }
}
