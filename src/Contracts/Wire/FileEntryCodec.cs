using System.Buffers.Binary;

namespace ActorMigration.Contracts;

/// <summary>Bytes of a <see cref="FileEntry"/>. Reading is strict: nothing is left over, every field is within its limits.</summary>
public static class FileEntryCodec
{
    private const int FixedBytes = 32;

    public static byte[] Encode(FileEntry entry)
    {
        var length = FixedBytes + 2 + entry.Path.Length + 2 + entry.Target.Length + 2 + entry.Xattrs.Sum(xattr => 1 + xattr.Name.Length + 4 + xattr.Value.Length);
        if (length > FileFrameLimits.MaxEntryBytes)
        {
            throw new FileFrameException($"An entry of {length} bytes is longer than {FileFrameLimits.MaxEntryBytes}.");
        }
        var bytes = new byte[length];
        bytes[0] = (byte)entry.Kind;
        bytes[1] = (byte)entry.Content;
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(2), entry.Mode);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4), entry.Uid);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(8), entry.Gid);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(12), entry.Seconds);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(20), entry.Nanoseconds);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(24), entry.Size);
        var at = Put16(bytes, FixedBytes, entry.Path);
        at = Put16(bytes, at, entry.Target);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(at), (ushort)entry.Xattrs.Length);
        at += 2;
        foreach (var xattr in entry.Xattrs)
        {
            bytes[at] = (byte)xattr.Name.Length;
            xattr.Name.CopyTo(bytes, at + 1);
            at += 1 + xattr.Name.Length;
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(at), xattr.Value.Length);
            xattr.Value.CopyTo(bytes, at + 4);
            at += 4 + xattr.Value.Length;
        }
        return bytes;
    }

    /// <summary>Throws <see cref="FileFrameException"/> for anything else than an encoded entry that a receiver may apply.</summary>
    public static FileEntry Decode(ReadOnlySpan<byte> bytes)
    {
        var rest = bytes;
        var head = Take(ref rest, FixedBytes);
        var kind = (FileEntryKind)head[0];
        var content = (FileContent)head[1];
        var mode = BinaryPrimitives.ReadUInt16LittleEndian(head[2..]);
        var nanoseconds = BinaryPrimitives.ReadUInt32LittleEndian(head[20..]);
        var size = BinaryPrimitives.ReadInt64LittleEndian(head[24..]);
        var path = Take(ref rest, Take16(ref rest)).ToArray();
        var target = Take(ref rest, Take16(ref rest)).ToArray();
        var count = Take16(ref rest);
        Demand(count <= FileFrameLimits.MaxXattrs, "too many attributes");
        var xattrs = new FileXattr[count];
        for (var i = 0; i < xattrs.Length; i++)
        {
            var name = Take(ref rest, Take(ref rest, 1)[0]).ToArray();
            var length = BinaryPrimitives.ReadUInt32LittleEndian(Take(ref rest, 4));
            Demand(name.Length > 0 && !name.Contains((byte)0), "a bad attribute name");
            Demand(length <= FileFrameLimits.MaxXattrValueBytes, "an attribute that is too long");
            xattrs[i] = new FileXattr(name, Take(ref rest, (int)length).ToArray());
        }
        Demand(rest.IsEmpty, "bytes after its end");
        Demand(kind is >= FileEntryKind.Directory and <= FileEntryKind.Whiteout, "an unknown kind");
        Demand(content is FileContent.Unchanged || (content <= FileContent.Ranges && kind == FileEntryKind.File), "content where none can be");
        Demand((mode & ~FileEntry.ModeMask) == 0, "a bad mode");
        Demand(nanoseconds < 1_000_000_000, "a bad time");
        Demand(size >= 0 && size <= FileFrameLimits.MaxFileBytes && (size == 0 || kind == FileEntryKind.File), "a bad size");
        Demand(path.Length == 0 ? kind == FileEntryKind.Directory : FilePath.IsValid(path), "a path that is not below the root");
        Demand(
            kind == FileEntryKind.Symlink ? target.Length is > 0 and <= FileFrameLimits.MaxPathBytes && !target.Contains((byte)0) : target.Length == 0,
            "a bad link target");
        return new FileEntry(
            path, kind, content, mode,
            BinaryPrimitives.ReadUInt32LittleEndian(head[4..]), BinaryPrimitives.ReadUInt32LittleEndian(head[8..]),
            BinaryPrimitives.ReadInt64LittleEndian(head[12..]), nanoseconds, size, target, xattrs);
    }

    private static int Put16(byte[] bytes, int at, byte[] value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(at), (ushort)value.Length);
        value.CopyTo(bytes, at + 2);
        return at + 2 + value.Length;
    }

    private static int Take16(ref ReadOnlySpan<byte> rest) => BinaryPrimitives.ReadUInt16LittleEndian(Take(ref rest, 2));

    private static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> rest, int count)
    {
        Demand(rest.Length >= count, "its end missing");
        var taken = rest[..count];
        rest = rest[count..];
        return taken;
    }

    private static void Demand(bool holds, string what)
    {
        if (!holds)
        {
            throw new FileFrameException($"An entry of the file stream has {what}.");
        }
    }
}
