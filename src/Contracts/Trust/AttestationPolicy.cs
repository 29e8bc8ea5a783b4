using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;

namespace ActorMigration.Contracts.Trust;

/// <summary>
/// What a host demands of the other. Read from <c>policy.json</c> (<see cref="AttestationPolicyJson"/>), the same on all hosts of a
/// cluster, though nothing relies on that: every host verifies by its own.
/// </summary>
/// <param name="Name">For people; appears in rejections.</param>
/// <param name="AllowSoftwareTpm">False outside a lab: a software TPM can be copied by root.</param>
/// <param name="MaxEvidenceAge">Longest time between handing out the nonce and checking the quote.</param>
/// <param name="Revoked">Fingerprints of attestation keys that are not believed any more, whoever certified them: SHA-256 of the SubjectPublicKeyInfo, lower-case hex.</param>
/// <param name="Pcrs">PCR index -> allowed SHA-256 values, lower-case hex. Never empty, no list empty.</param>
public sealed record AttestationPolicy(
    string Name,
    bool AllowSoftwareTpm,
    TimeSpan MaxEvidenceAge,
    ImmutableSortedSet<string> Revoked,
    ImmutableSortedDictionary<int, ImmutableSortedSet<string>> Pcrs)
{
    private const string DomainTag = "amig/policy/1";

    /// <summary>The PCRs a host must quote to satisfy this policy, ascending.</summary>
    public int[] QuotedPcrs => [.. Pcrs.Keys];

    /// <summary>SHA-256 over what the policy says, whatever its file's layout; part of every quote's binding and of receipts.</summary>
    public byte[] Digest()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        AppendText(hash, DomainTag);
        AppendText(hash, Name);
        hash.AppendData([AllowSoftwareTpm ? (byte)1 : (byte)0]);
        AppendNumber(hash, MaxEvidenceAge.Ticks);
        AppendNumber(hash, Pcrs.Count);
        foreach (var (index, values) in Pcrs)
        {
            AppendNumber(hash, index);
            AppendNumber(hash, values.Count);
            foreach (var value in values)
            {
                AppendText(hash, value);
            }
        }

        // Nothing of it where nothing is revoked: the digests of versions that did not know revocation.
        foreach (var fingerprint in Revoked)
        {
            AppendText(hash, "revoked");
            AppendText(hash, fingerprint);
        }

        return hash.GetHashAndReset();
    }

    private static void AppendText(IncrementalHash hash, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        AppendNumber(hash, bytes.Length);
        hash.AppendData(bytes);
    }

    private static void AppendNumber(IncrementalHash hash, long number)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, number);
        hash.AppendData(bytes);
    }
}
