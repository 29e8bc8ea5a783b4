using System.Security.Cryptography;

namespace ActorMigration.Contracts.Wire;

/// <summary>
/// Digest over a whole page stream: a chain over the SHA-256 of each frame, so that frames can be hashed on any thread and
/// only 64 bytes are chained in order. Both sides compute it; the source signs it in the manifest, the destination compares.
/// <code>
/// root(0)   = SHA-256("amig page stream 1" || attempt (16 bytes, big-endian) || u16 stream number)
/// root(n+1) = SHA-256(root(n) || SHA-256(frame n))
/// </code>
/// </summary>
public sealed class PageStreamDigest
{
    private readonly byte[] _root = new byte[SHA256.HashSizeInBytes];

    public PageStreamDigest(AttemptId attempt, int streamNumber)
    {
        var tag = "amig page stream 1"u8;
        Span<byte> seed = stackalloc byte[tag.Length + 16 + 2];
        tag.CopyTo(seed);
        attempt.Value.TryWriteBytes(seed[tag.Length..], bigEndian: true, out _);
        seed[^2] = (byte)(streamNumber >> 8);
        seed[^1] = (byte)streamNumber;
        SHA256.HashData(seed, _root);
    }

    /// <summary>Digest of all frames that were added so far.</summary>
    public byte[] Root => [.. _root];

    /// <summary>Adds the next frame, given its own SHA-256.</summary>
    public void Add(ReadOnlySpan<byte> frameDigest)
    {
        Span<byte> both = stackalloc byte[2 * SHA256.HashSizeInBytes];
        _root.CopyTo(both);
        frameDigest.CopyTo(both[SHA256.HashSizeInBytes..]);
        SHA256.HashData(both, _root);
    }
}
