using System.Text;
using ActorMigration.Contracts;
using CsCheck;

namespace ActorMigration.Contracts.Tests.Wire;

/// <summary>The file stream's bytes: what is written is read, and nothing else is.</summary>
public sealed class FileFrameSpec
{
    private static readonly Gen<byte[]> Name = Gen.Byte.Where(b => b is not (0 or (byte)'/')).Array[1, 30].Where(name => FilePath.IsName(name));

    private static readonly Gen<byte[]> Path = Name.Array[1, 5].Select(names => names.Aggregate((up, name) => [.. up, (byte)'/', .. name]));

    private static readonly Gen<FileXattr> Xattr = Gen.Select(Gen.Byte.Where(b => b != 0).Array[1, 255], Gen.Byte.Array[0, 200], (name, value) => new FileXattr(name, value));

    private static readonly Gen<FileEntry> Entry = Gen.Select(
        Path, Gen.Enum<FileEntryKind>(), Gen.Int[0, 2], Gen.UShort[0, FileEntry.ModeMask], Gen.UInt, Gen.Long, Gen.UInt[0, 999_999_999], Xattr.Array[0, 4],
        (path, kind, content, mode, id, seconds, nanoseconds, xattrs) => new FileEntry(
            path, kind, kind == FileEntryKind.File ? (FileContent)content : FileContent.Unchanged, mode, id, ~id, seconds, nanoseconds,
            kind == FileEntryKind.File ? seconds & (FileFrameLimits.MaxFileBytes - 1) : 0, kind == FileEntryKind.Symlink ? path : [], xattrs));

    [Fact]
    public void An_entry_is_read_as_it_was_written()
        => Entry.Sample(entry => Assert.Equal(FileEntryCodec.Encode(entry), FileEntryCodec.Encode(FileEntryCodec.Decode(FileEntryCodec.Encode(entry)))));

    [Fact]
    public void Bytes_that_are_no_entry_are_refused_and_never_anything_worse()
        => Gen.Select(Entry, Gen.Int, Gen.Byte, Gen.Int[0, 3]).Sample((entry, at, value, how) =>
        {
            var bytes = FileEntryCodec.Encode(entry);
            bytes = how switch
            {
                0 => bytes[..(int)((uint)at % bytes.Length)],
                1 => [.. bytes, value],
                _ => Changed(bytes, (int)((uint)at % bytes.Length), value),
            };
            try
            {
                var read = FileEntryCodec.Decode(bytes);
                Assert.True(read.Path.Length == 0 ? read.Kind == FileEntryKind.Directory : FilePath.IsValid(read.Path));
                Assert.Equal(bytes, FileEntryCodec.Encode(read));
            }
            catch (FileFrameException)
            {
                Assert.True(how != 1 || !bytes.AsSpan().SequenceEqual(FileEntryCodec.Encode(entry)));
            }
        });

    [Theory]
    [InlineData("a", true)]
    [InlineData("a/b.c/..d/...", true)]
    [InlineData("", false)]
    [InlineData("/a", false)]
    [InlineData("a/", false)]
    [InlineData("a//b", false)]
    [InlineData("a/./b", false)]
    [InlineData("a/../b", false)]
    [InlineData("..", false)]
    [InlineData("a\0", false)]
    public void Only_a_path_below_the_root_is_valid(string path, bool valid) => Assert.Equal(valid, FilePath.IsValid(Encoding.UTF8.GetBytes(path)));

    [Fact]
    public void Paths_have_limits()
    {
        Assert.True(FilePath.IsName(new byte[FileFrameLimits.MaxNameBytes].Select(_ => (byte)'a').ToArray()));
        Assert.False(FilePath.IsName(new byte[FileFrameLimits.MaxNameBytes + 1].Select(_ => (byte)'a').ToArray()));
        Assert.True(FilePath.IsValid(Encoding.ASCII.GetBytes(string.Join('/', Enumerable.Repeat("a", FileFrameLimits.MaxDepth)))));
        Assert.False(FilePath.IsValid(Encoding.ASCII.GetBytes(string.Join('/', Enumerable.Repeat("a", FileFrameLimits.MaxDepth + 1)))));
        Assert.False(FilePath.IsValid(Encoding.ASCII.GetBytes(string.Join('/', Enumerable.Repeat(new string('a', 255), 17)))));
    }

    [Fact]
    public void Frames_and_their_digest_cross_however_the_stream_cuts_them()
        => Gen.Select(Gen.Select(Gen.Enum<FileFrameKind>(), Gen.Byte.Array[0, 3000]).Array[0, 30], Gen.Int[1, 700]).Sample((frames, step) =>
        {
            var stream = new MemoryStream();
            using var writer = new FileFrameWriter(stream);
            foreach (var (kind, payload) in frames)
            {
                writer.Write(kind, payload);
            }
            writer.Flush();
            using var reader = new FileFrameReader(new SlowStream(stream.ToArray(), step));
            foreach (var (kind, payload) in frames)
            {
                Assert.Equal(kind, reader.Read(out var read));
                Assert.Equal(payload, read.ToArray());
            }

            Assert.Equal(writer.Digest(), reader.Digest());
            Assert.Equal(stream.Length, writer.Bytes);
            Assert.Throws<FileFrameException>(() => reader.Read(out _));
        }, iter: 200);

    [Fact]
    public void One_changed_byte_changes_the_digest_or_is_refused()
        => Gen.Select(Gen.Byte.Array[1, 300], Gen.Int, Gen.Byte[1, 255]).Sample((payload, at, flip) =>
        {
            var stream = new MemoryStream();
            using var writer = new FileFrameWriter(stream);
            writer.Write(FileFrameKind.Delete, payload);
            writer.Flush();
            var bytes = stream.ToArray();
            bytes[(int)((uint)at % bytes.Length)] ^= flip;
            using var reader = new FileFrameReader(new MemoryStream(bytes));
            try
            {
                reader.Read(out _);
                Assert.NotEqual(writer.Digest(), reader.Digest());
            }
            catch (FileFrameException)
            {
                // A changed length or kind need not get as far as the digest.
            }
        }, iter: 300);

    [Fact]
    public void A_frame_over_the_limit_is_refused_before_it_is_read()
    {
        var header = new byte[] { (byte)FileFrameKind.Data, 0, 0, 0, 0xff, 0xff, 0xff, 0x7f };
        using var reader = new FileFrameReader(new MemoryStream(header));
        Assert.Contains("at most", Assert.Throws<FileFrameException>(() => reader.Read(out _)).Message, StringComparison.Ordinal);
        using var writer = new FileFrameWriter(Stream.Null);
        Assert.Throws<FileFrameException>(() => writer.Write(FileFrameKind.Data, new byte[FileFrameLimits.MaxPayloadBytes + 1]));
    }

    [Fact]
    public void Reads_the_entry_bytes_of_version_1()
    {
        var bytes = Convert.FromHexString(
            "0201" + "A409" + "0C000000" + "22000000" + "80436D3800000000" + "15CD5B07" + "0500000000000000"
            + "0300" + "612F62" + "0000" + "0100" + "06" + "757365722E78" + "02000000" + "6869");

        var entry = FileEntryCodec.Decode(bytes);

        Assert.Equal(FileEntryKind.File, entry.Kind);
        Assert.Equal(FileContent.Whole, entry.Content);
        Assert.Equal(Convert.ToInt32("4644", 8), entry.Mode);
        Assert.Equal((12u, 34u), (entry.Uid, entry.Gid));
        Assert.Equal((946684800L, 123456789u), (entry.Seconds, entry.Nanoseconds));
        Assert.Equal(5, entry.Size);
        Assert.Equal("a/b"u8.ToArray(), entry.Path);
        Assert.Equal(("user.x", "hi"), (Encoding.ASCII.GetString(Assert.Single(entry.Xattrs).Name), Encoding.ASCII.GetString(entry.Xattrs[0].Value)));
        Assert.Equal(bytes, FileEntryCodec.Encode(entry));
    }

    private static byte[] Changed(byte[] bytes, int at, byte value)
    {
        bytes[at] = value;
        return bytes;
    }

    /// <summary>Gives at most so many bytes at once, as a socket may.</summary>
    private sealed class SlowStream(byte[] bytes, int step) : MemoryStream(bytes)
    {
        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, step));
    }
}
