using System.IO.Pipelines;
using System.Security.Cryptography;
using ActorMigration.Contracts;
using ActorMigration.Host.Linux.Files;

namespace ActorMigration.Host.Tests.Linux.Files;

/// <summary>Image layers by digest and the flat directory of CRIU images; no root needed.</summary>
public sealed class TransferSpec : IDisposable
{
    private readonly string _source = Directory.CreateTempSubdirectory("amig-transfer-").FullName;
    private readonly string _destination = Directory.CreateTempSubdirectory("amig-transfer-").FullName;

    public void Dispose()
    {
        Directory.Delete(_source, recursive: true);
        Directory.Delete(_destination, recursive: true);
    }

    [Fact]
    public async Task A_layer_that_is_missing_is_sent_and_one_that_is_here_is_not()
    {
        var here = Blob(_source, 100);
        var missing = Blob(_source, 700_000);
        File.Copy(BlobTransfer.PathOf(_source, here), BlobTransfer.PathOf(_destination, here));

        var (sent, received) = await Exchange(
            (to, back) => (BlobTransfer.Offer(_source, here, to, back), BlobTransfer.Offer(_source, missing, to, back)),
            [here, missing], 1 << 20);

        Assert.Equal((false, true), sent);
        Assert.Equal(700_000, received);
        Assert.Equal(File.ReadAllBytes(BlobTransfer.PathOf(_source, missing)), File.ReadAllBytes(BlobTransfer.PathOf(_destination, missing)));
        Assert.Equal(2, Directory.GetFiles(_destination).Length);
    }

    [Fact]
    public async Task A_layer_with_other_content_than_its_name_gets_no_name()
    {
        var digest = Blob(_source, 1000);
        var path = BlobTransfer.PathOf(_source, digest);
        var bytes = File.ReadAllBytes(path);
        bytes[500] ^= 1;
        File.WriteAllBytes(path, bytes);

        var refusal = await Assert.ThrowsAsync<LayerException>(() => Exchange((to, back) => BlobTransfer.Offer(_source, digest, to, back), [digest], 1 << 20));

        Assert.Equal(LayerFailure.Refused, refusal.Failure);
        Assert.Empty(Directory.GetFiles(_destination));
    }

    [Fact]
    public async Task A_layer_of_another_image_or_beyond_the_reservation_is_refused_before_it_is_sent()
    {
        var digest = Blob(_source, 1000);

        Assert.Equal(LayerFailure.Refused, (await Assert.ThrowsAsync<LayerException>(() => Exchange((to, back) => BlobTransfer.Offer(_source, digest, to, back), [], 1 << 20))).Failure);
        Assert.Equal(LayerFailure.OverReservation, (await Assert.ThrowsAsync<LayerException>(() => Exchange((to, back) => BlobTransfer.Offer(_source, digest, to, back), [digest], 999))).Failure);
        Assert.Empty(Directory.GetFiles(_destination));
    }

    [Fact]
    public void A_directory_arrives_with_the_digest_that_the_source_names()
    {
        File.WriteAllBytes(Path.Combine(_source, "core-1.img"), RandomNumberGenerator.GetBytes(5000));
        File.WriteAllBytes(Path.Combine(_source, "pages-1.img"), RandomNumberGenerator.GetBytes(600_000));
        File.WriteAllBytes(Path.Combine(_source, "empty.img"), []);

        var (sent, received) = Cross(name => name.EndsWith(".img", StringComparison.Ordinal), 605_000);

        Assert.Equal(sent, received);
        foreach (var path in Directory.GetFiles(_source))
        {
            Assert.Equal(File.ReadAllBytes(path), File.ReadAllBytes(Path.Combine(_destination, Path.GetFileName(path))));
        }
        Assert.Equal(3, Directory.GetFiles(_destination).Length);
    }

    [Theory]
    [InlineData("core-1.img", 9, LayerFailure.OverReservation)]
    [InlineData("evil.so", 1000, LayerFailure.Refused)]
    public void A_file_that_does_not_belong_or_does_not_fit_is_refused(string name, long maxBytes, LayerFailure failure)
    {
        File.WriteAllBytes(Path.Combine(_source, name), new byte[10]);

        Assert.Equal(failure, Assert.Throws<LayerException>(() => Cross(n => n.EndsWith(".img", StringComparison.Ordinal), maxBytes)).Failure);
    }

    [Theory]
    [InlineData("../evil.img")]
    [InlineData("/evil.img")]
    [InlineData("..")]
    [InlineData("a/b.img")]
    [InlineData("")]
    public void A_name_that_is_no_name_is_refused(string name)
    {
        using var stream = new MemoryStream();
        using var writer = new FileFrameWriter(stream);
        writer.Write(FileFrameKind.NamedFile, [.. new byte[8], .. System.Text.Encoding.UTF8.GetBytes(name)]);
        writer.Flush();
        stream.Position = 0;
        using var reader = new FileFrameReader(stream);

        Assert.Equal(LayerFailure.Refused, Assert.Throws<LayerException>(() => DirectoryTransfer.Receive(reader, _destination, _ => true, 1 << 20)).Failure);
    }

    private static byte[] Blob(string store, int length)
    {
        var content = RandomNumberGenerator.GetBytes(length);
        var digest = SHA256.HashData(content);
        File.WriteAllBytes(BlobTransfer.PathOf(store, digest), content);
        return digest;
    }

    private (byte[] Sent, byte[] Received) Cross(Func<string, bool> isAllowed, long maxBytes)
    {
        using var stream = new MemoryStream();
        using var writer = new FileFrameWriter(stream);
        var sent = DirectoryTransfer.Send(_source, writer);
        stream.Position = 0;
        using var reader = new FileFrameReader(stream);
        return (sent, DirectoryTransfer.Receive(reader, _destination, isAllowed, maxBytes));
    }

    private async Task<(T Sent, long Received)> Exchange<T>(Func<FileFrameWriter, FileFrameReader, T> send, byte[][] wanted, long maxBytes)
    {
        var there = new Pipe();
        var back = new Pipe();
        var receiving = Task.Run(() =>
        {
            try
            {
                using var reader = new FileFrameReader(there.Reader.AsStream());
                using var writer = new FileFrameWriter(back.Writer.AsStream());
                return BlobTransfer.Receive(reader, writer, _destination, wanted.Select(Convert.ToHexStringLower).ToHashSet(), maxBytes);
            }
            finally
            {
                back.Writer.Complete();
                there.Reader.Complete();
            }
        });
        using var to = new FileFrameWriter(there.Writer.AsStream());
        using var from = new FileFrameReader(back.Reader.AsStream());
        T sent;
        try
        {
            sent = send(to, from);
            BlobTransfer.End(to);
        }
        catch (FileFrameException)
        {
            await receiving;   // why the receiver hung up
            throw;
        }
        return (sent, await receiving);
    }
}
