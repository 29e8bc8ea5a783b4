using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace ActorMigration.Contracts.Trust;

/// <summary>Whose quote it is. A quote made as source never passes as one made as destination.</summary>
public enum AttestationRole : byte
{
    Source = 1,
    Destination = 2,

    /// <summary>Of no attempt: the host as such, for whoever watches over it.</summary>
    Host = 3,
}

/// <summary>
/// Everything one quote is about. Both hosts build it from their own knowledge of the attempt, the quoting host puts its
/// <see cref="QualifyingData"/> into the quote and the other compares, so a quote is good for one role of one attempt, between
/// these two TLS keys, under this policy, and only once per pair of nonces.
/// </summary>
/// <param name="Role">Role of the host that quotes.</param>
/// <param name="SourceNonce"><see cref="NonceBytes"/> random bytes of the source, fresh for every round of quotes.</param>
/// <param name="DestinationNonce"><see cref="NonceBytes"/> random bytes of the destination, fresh for every round of quotes.</param>
/// <param name="SourceSpki">SHA-256 of the SubjectPublicKeyInfo of the source's data-channel key.</param>
/// <param name="DestinationSpki">SHA-256 of the SubjectPublicKeyInfo of the destination's data-channel key.</param>
/// <param name="Attempt">The attempt both sides are in.</param>
/// <param name="Container">The container that is to move.</param>
/// <param name="Fence">Epoch and ordinal of the attempt.</param>
/// <param name="PolicyDigest"><see cref="AttestationPolicy.Digest"/> of the policy of the host that verifies.</param>
public sealed record AttestationBinding(
    AttestationRole Role,
    byte[] SourceNonce,
    byte[] DestinationNonce,
    byte[] SourceSpki,
    byte[] DestinationSpki,
    AttemptId Attempt,
    ContainerName Container,
    Fence Fence,
    byte[] PolicyDigest)
{
    /// <summary>Bytes of a nonce: as many as the digest has, so that guessing one is as hard as finding a collision.</summary>
    public const int NonceBytes = 32;

    /// <summary>Separates these digests from everything else that is ever hashed or quoted; the number is the layout's version.</summary>
    private const string DomainTag = "amig/attestation/1";

    /// <summary>What the binding of a host names as container; no real one has a fence of epoch 0.</summary>
    private static readonly ContainerName NoContainer = new("host");

    /// <summary>For a quote about a host as such: of no attempt and no channel, so that it is of no use in one.</summary>
    /// <param name="hostNonce">Of the host that quotes.</param>
    /// <param name="verifierNonce">Of who asked.</param>
    /// <param name="policyDigest">Of who asked.</param>
    public static AttestationBinding OfHost(byte[] hostNonce, byte[] verifierNonce, byte[] policyDigest)
        => new(AttestationRole.Host, hostNonce, verifierNonce, new byte[NonceBytes], new byte[NonceBytes], new AttemptId(Guid.Empty), NoContainer, new Fence(0, 0), policyDigest);

    /// <summary>A fresh nonce for one round of quotes.</summary>
    public static byte[] NewNonce() => RandomNumberGenerator.GetBytes(NonceBytes);

    /// <summary>
    /// The 32 bytes a host hands to its TPM as qualifying data: SHA-256 over the tag and all fields, each of fixed size or with its
    /// length before it. Throws <see cref="ArgumentException"/> when a nonce or digest is not 32 bytes long.
    /// </summary>
    public byte[] QualifyingData()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        AppendText(hash, DomainTag);
        hash.AppendData([(byte)Role]);
        AppendFixed(hash, SourceNonce, nameof(SourceNonce));
        AppendFixed(hash, DestinationNonce, nameof(DestinationNonce));
        AppendFixed(hash, SourceSpki, nameof(SourceSpki));
        AppendFixed(hash, DestinationSpki, nameof(DestinationSpki));
        hash.AppendData(Attempt.Value.ToByteArray(bigEndian: true));
        AppendText(hash, Container.Value);
        Span<byte> fence = stackalloc byte[12];
        BinaryPrimitives.WriteInt64BigEndian(fence, Fence.Epoch);
        BinaryPrimitives.WriteInt32BigEndian(fence[8..], Fence.Ordinal);
        hash.AppendData(fence);
        AppendFixed(hash, PolicyDigest, nameof(PolicyDigest));
        return hash.GetHashAndReset();
    }

    private static void AppendText(IncrementalHash hash, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        hash.AppendData([checked((byte)bytes.Length)]);
        hash.AppendData(bytes);
    }

    private static void AppendFixed(IncrementalHash hash, byte[] value, string name)
    {
        if (value is not { Length: NonceBytes })
        {
            throw new ArgumentException($"{name} of an attestation binding has {value?.Length ?? 0} bytes, not {NonceBytes}", name);
        }

        hash.AppendData(value);
    }
}
