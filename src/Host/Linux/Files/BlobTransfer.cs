using System.Buffers.Binary;
using System.Security.Cryptography;
using ActorMigration.Contracts;

namespace ActorMigration.Host.Linux.Files;

/// <summary>
/// Image layers by their SHA-256: offered, sent if missing, checked before they get their name. A blob store is a directory whose
/// files are named by the digest in lower-case hex; a file with such a name is complete, checked and durable.
/// </summary>
internal static class BlobTransfer
{
    private const int OfferBytes = SHA256.HashSizeInBytes + 8;

    /// <summary>Path of a blob in a store.</summary>
    internal static string PathOf(string store, ReadOnlySpan<byte> digest) => Path.Combine(store, Convert.ToHexStringLower(digest));

    /// <summary>Source: offers one blob and sends it if the other side lacks it. True when it was sent.</summary>
    internal static bool Offer(string store, byte[] digest, FileFrameWriter to, FileFrameReader back)
    {
        using var file = File.OpenHandle(PathOf(store, digest), options: FileOptions.SequentialScan);
        var size = RandomAccess.GetLength(file);
        Span<byte> offer = stackalloc byte[OfferBytes];
        digest.CopyTo(offer);
        BinaryPrimitives.WriteInt64LittleEndian(offer[SHA256.HashSizeInBytes..], size);
        to.Write(FileFrameKind.BlobOffer, offer);
        to.Flush();
        if (back.Expect(FileFrameKind.BlobAnswer) is not [1])
        {
            return false;
        }
        DirectoryTransfer.SendContent(file, size, to, new byte[FileFrameLimits.MaxDataBytes], Convert.ToHexStringLower(digest));
        to.Flush();
        return true;
    }

    /// <summary>Source: no more blobs.</summary>
    internal static void End(FileFrameWriter to)
    {
        to.Write(FileFrameKind.TransferEnd, []);
        to.Flush();
    }

    /// <summary>
    /// Destination: answers offers up to the end. <paramref name="wanted"/> are the digests of the image it has been asked to prepare; anything else is
    /// <see cref="LayerFailure.Refused"/>, as is content of another digest. Returns the bytes that came.
    /// </summary>
    internal static long Receive(FileFrameReader from, FileFrameWriter back, string store, IReadOnlySet<string> wanted, long maxBytes)
    {
        var total = 0L;
        while (from.Read(out var payload) is var kind and not FileFrameKind.TransferEnd)
        {
            if (kind != FileFrameKind.BlobOffer || payload.Length != OfferBytes)
            {
                throw new LayerException(LayerFailure.Refused, $"The source's layers are refused: {kind} where an offer belongs.");
            }
            var digest = payload[..SHA256.HashSizeInBytes].ToArray();
            var size = BinaryPrimitives.ReadInt64LittleEndian(payload[SHA256.HashSizeInBytes..]);
            var name = Convert.ToHexStringLower(digest);
            if (!wanted.Contains(name))
            {
                throw new LayerException(LayerFailure.Refused, $"The source's layers are refused: {name} is not of the image that is to come.");
            }
            var isHere = File.Exists(PathOf(store, digest));
            if (!isHere && (size < 0 || size > maxBytes - total))
            {
                throw new LayerException(LayerFailure.OverReservation, $"The source's layers are refused: with {name} they have more than {maxBytes} bytes.");
            }
            back.Write(FileFrameKind.BlobAnswer, isHere ? [0] : [1]);
            back.Flush();
            if (!isHere)
            {
                ReceiveOne(from, store, digest, size);
                total += size;
            }
        }
        return total;
    }

    private static void ReceiveOne(FileFrameReader from, string store, byte[] digest, long size)
    {
        var name = Convert.ToHexStringLower(digest);
        // A name of its own: two attempts may fetch the same layer at once, and the loser's rename replaces a file with an equal one.
        var part = Path.Combine(store, $".{name}.{Guid.NewGuid():N}");
        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            using (var file = File.OpenHandle(part, FileMode.CreateNew, FileAccess.Write))
            {
                DirectoryTransfer.ReceiveContent(from, file, size, name, content => hash.AppendData(content));
                if (!hash.GetCurrentHash().AsSpan().SequenceEqual(digest))
                {
                    throw new LayerException(LayerFailure.Refused, $"The source's layer {name} is refused: its content has another digest.");
                }
                RandomAccess.FlushToDisk(file);
            }
            File.Move(part, PathOf(store, digest), overwrite: true);
            using var directory = Interop.Open(store, Interop.O_RDONLY | Interop.O_DIRECTORY | Interop.O_CLOEXEC);
            if (directory.IsInvalid || Interop.FSync(directory) != 0)
            {
                throw LinuxException.FromLastError("fsync", store);
            }
        }
        finally
        {
            File.Delete(part);
        }
    }
}
