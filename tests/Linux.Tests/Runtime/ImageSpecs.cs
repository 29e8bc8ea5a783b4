using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using ActorMigration.Contracts;
using ActorMigration.Host.Linux;
using ActorMigration.Host.Linux.Containers;

namespace ActorMigration.Linux.Tests.Runtime;

/// <summary>Images and root file systems; needs root for owners, device nodes and mounts.</summary>
public sealed class ImageStoreSpec : IDisposable
{
    private static readonly ImageConfig Config = new(["/bin/sh"], [], "/");
    private readonly string _state = Directory.CreateTempSubdirectory("amig-rt-images-").FullName;
    private readonly ImageStore _store;

    public ImageStoreSpec() => _store = new ImageStore(_state);

    public void Dispose()
    {
        MountTable.DetachBelow(_state);
        Directory.Delete(_state, recursive: true);
    }

    [Fact]
    public async Task A_directory_becomes_an_image_whose_layer_has_the_same_files_owners_and_links()
    {
        var source = Directory.CreateDirectory($"{_state}/source").FullName;
        File.WriteAllText($"{source}/file", "content");
        File.SetUnixFileMode($"{source}/file", (UnixFileMode)0x9C0 /* 04700 */);
        await RuntimeLab.RunAsync("chown", "7:8", $"{source}/file");
        File.SetUnixFileMode($"{source}/file", (UnixFileMode)0x9C0);
        await RuntimeLab.RunAsync("ln", $"{source}/file", $"{source}/hard");
        File.CreateSymbolicLink($"{source}/soft", "/etc/shadow");
        await RuntimeLab.RunAsync("mknod", $"{source}/node", "c", "1", "3");

        var digest = await new ImageImport(_store, RuntimeLab.Time).ImportAsync(source, "mine", Config);

        Assert.Equal([("mine", digest)], _store.List());
        Assert.Equal(digest, _store.Resolve("mine"));
        Assert.Equal(digest, _store.Resolve(digest));
        Assert.Empty(_store.MissingBlobs(digest));
        var layer = Assert.Single(await _store.LayerDirectoriesAsync(digest));
        var stat = await RuntimeLab.RunAsync("stat", "-c", "%n %f %u:%g %h", $"{layer}/file", $"{layer}/hard", $"{layer}/soft");
        Assert.Equal($"{layer}/file 89c0 7:8 2\n{layer}/hard 89c0 7:8 2\n{layer}/soft a1ff 0:0 1\n", stat.Output);
        Assert.Equal("/etc/shadow", new FileInfo($"{layer}/soft").LinkTarget);
        Assert.False(File.Exists($"{layer}/node"));
        Assert.Equal(digest, await new ImageImport(_store, RuntimeLab.Time).ImportAsync(source, "again", Config));
    }

    [Fact]
    public async Task An_OCI_layout_is_read_with_its_whiteouts_and_its_config()
    {
        var lower = Gzip(Tar(("etc/", null), ("etc/old", "old"), ("etc/gone", "gone"), ("var/", null), ("var/below", "below")));
        var upper = Gzip(Tar(("etc/.wh.gone", ""), ("etc/new", "new"), ("var/", null), ("var/.wh..wh..opq", "")));
        var layout = Layout([lower, upper]);

        var digest = await new ImageImport(_store, RuntimeLab.Time).ImportAsync(layout, "oci");

        Assert.Equal(["/entry", "arg"], _store.Manifest(digest).Config.Args);
        Assert.Equal(["A=b"], _store.Manifest(digest).Config.Env);
        Assert.Equal("/work", _store.Manifest(digest).Config.WorkingDirectory);
        var root = new RootFileSystem(_state, new ContainerName("c"));
        root.Create();
        root.Mount(await _store.LayerDirectoriesAsync(digest));
        Assert.True(root.IsMounted);
        Assert.Equal(["new", "old"], Directory.EnumerateFiles($"{root.MountPoint}/etc").Select(Path.GetFileName).Order());
        Assert.Empty(Directory.EnumerateFiles($"{root.MountPoint}/var"));

        File.WriteAllText($"{root.MountPoint}/etc/written", "kept");
        root.Unmount();
        Assert.False(root.IsMounted);
        Assert.Equal("kept", File.ReadAllText($"{root.Upper}/etc/written"));
        root.Delete();
        Assert.False(Directory.Exists(root.ContainerDirectory));
    }

    public static TheoryData<string, string> Hostile => new()
    {
        { "../out", "reaches beyond" },
        { "a/../../out", "reaches beyond" },
        { "link/out", "symbolic link" },
        { "link/.wh.passwd", "symbolic link" },
        { ".wh...", "whiteout of nothing" },
        { "dir", "replace a directory" },
    };

    [Theory]
    [MemberData(nameof(Hostile))]
    public async Task A_layer_that_reaches_out_is_refused_and_nothing_is_kept(string name, string reason)
    {
        var outside = Directory.CreateDirectory($"{_state}/outside").FullName;
        File.WriteAllText($"{outside}/passwd", "root");
        var tar = new MemoryStream();
        using (var writer = new TarWriter(tar, TarEntryFormat.Pax, leaveOpen: true))
        {
            writer.WriteEntry(new PaxTarEntry(TarEntryType.SymbolicLink, "link") { LinkName = outside });
            writer.WriteEntry(new PaxTarEntry(TarEntryType.Directory, "dir"));
            writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream("bad"u8.ToArray()) });
        }

        File.WriteAllBytes($"{_state}/bad.tar", tar.ToArray());

        var e = await Assert.ThrowsAsync<ImageStoreException>(() => new ImageImport(_store, RuntimeLab.Time).ImportAsync($"{_state}/bad.tar", "bad", Config));

        Assert.Contains(reason, e.Message, StringComparison.Ordinal);
        Assert.Empty(_store.List());
        Assert.Equal(["passwd"], Directory.EnumerateFileSystemEntries(outside).Select(Path.GetFileName));
        Assert.Empty(Directory.EnumerateFileSystemEntries($"{_state}/images/layers"));
        Assert.Empty(Directory.EnumerateFileSystemEntries($"{_state}/images/staging"));
    }

    [Fact]
    public async Task A_hard_link_out_of_the_layer_is_refused()
    {
        var tar = new MemoryStream();
        using (var writer = new TarWriter(tar, TarEntryFormat.Pax, leaveOpen: true))
        {
            writer.WriteEntry(new PaxTarEntry(TarEntryType.HardLink, "shadow") { LinkName = "../../../../etc/shadow" });
        }

        File.WriteAllBytes($"{_state}/bad.tar", tar.ToArray());

        await Assert.ThrowsAsync<ImageStoreException>(() => new ImageImport(_store, RuntimeLab.Time).ImportAsync($"{_state}/bad.tar", "bad", Config));
    }

    [Fact]
    public async Task A_blob_is_kept_only_when_it_is_what_was_announced()
    {
        var announced = BlobDigest.Of("good"u8);

        await Assert.ThrowsAsync<ImageStoreException>(() => _store.AddBlobAsync(new MemoryStream("evil"u8.ToArray()), announced, 100));
        Assert.False(_store.HasBlob(announced));
        Assert.False(_store.HasBlob(BlobDigest.Of("evil"u8)));
        await Assert.ThrowsAsync<ImageStoreException>(() => _store.AddBlobAsync(new MemoryStream("good"u8.ToArray()), announced, 3));
        Assert.Empty(Directory.EnumerateFileSystemEntries($"{_state}/images/staging"));

        await _store.AddBlobAsync(new MemoryStream("good"u8.ToArray()), announced, 4);
        Assert.True(_store.HasBlob(announced));
        Assert.Throws<ImageStoreException>(() => _store.BlobPath("sha256:../../../etc/passwd"));
        Assert.Throws<ImageStoreException>(() => _store.SetName("../x", announced));
        await Assert.ThrowsAsync<ImageStoreException>(() => _store.AddManifestAsync(new ImageManifest([BlobDigest.Of("none"u8)], Config)));
        Assert.Throws<ImageStoreException>(() => _store.Manifest(announced));
    }

    [Fact]
    public void A_mount_that_overlayfs_cannot_take_says_so()
    {
        var root = new RootFileSystem(_state, new ContainerName("c"));
        root.Create();

        Assert.Equal(22, Assert.Throws<LinuxException>(() => root.Mount(["/a:b"])).Errno);
        Assert.Equal(2, Assert.Throws<LinuxException>(() => root.Mount(["/nonexistent"])).Errno);
        Assert.False(root.IsMounted);
    }

    [Fact]
    public void A_record_survives_and_a_process_of_another_boot_is_dead()
    {
        var self = Host.Linux.Processes.ProcessIdentity.Find(Environment.ProcessId);
        var spec = new ContainerSpec(new ContainerName("c"), "sha256:x", ["a"], [], "/", 0, 0, new ContainerNetwork("10.0.0.1", 24, "02:00:00:00:00:01", "", 1500), new ContainerLimits(1, 2, 3), [], 15);
        var record = new ContainerRecord(spec, new Fence(7, 2), ContainerState.Frozen, "/run/netns/x", "c-e7o2", "/amig/c-e7o2", self, Host.Linux.Processes.ProcessIdentity.BootId());
        Assert.Null(ContainerRecord.Load(_state, spec.Name));

        record.Save(_state);
        var loaded = ContainerRecord.Load(_state, spec.Name);

        Assert.NotNull(loaded);
        Assert.Equal(JsonSerializer.Serialize(record), JsonSerializer.Serialize(loaded));
        Assert.Equal((new Fence(7, 2), ContainerState.Frozen), (loaded.Fence, loaded.State));
        Assert.True(loaded.InitIsAlive);
        Assert.False((loaded with { BootId = "another" }).InitIsAlive);
        Assert.Single(ContainerRecord.LoadAll(_state));
        Assert.Equal(["container.json"], Directory.EnumerateFiles(ContainerRecord.PathOf(_state, spec.Name)).Select(Path.GetFileName));

        File.WriteAllText(Path.Combine(ContainerRecord.PathOf(_state, spec.Name), "container.json"), "{");
        Assert.Throws<InvalidDataException>(() => ContainerRecord.LoadAll(_state));
    }

    private static byte[] Tar(params (string Name, string? Content)[] entries)
    {
        var tar = new MemoryStream();
        using (var writer = new TarWriter(tar, TarEntryFormat.Pax, leaveOpen: true))
        {
            foreach (var (name, content) in entries)
            {
                writer.WriteEntry(content is null
                    ? new PaxTarEntry(TarEntryType.Directory, name)
                    : new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(content)) });
            }
        }

        return tar.ToArray();
    }

    private static byte[] Gzip(byte[] bytes)
    {
        var output = new MemoryStream();
        using (var gzip = new GZipStream(output, CompressionLevel.Fastest))
        {
            gzip.Write(bytes);
        }

        return output.ToArray();
    }

    private string Layout(byte[][] layers)
    {
        var layout = Directory.CreateDirectory($"{_state}/layout").FullName;
        Directory.CreateDirectory($"{layout}/blobs/sha256");
        string Add(byte[] bytes)
        {
            var hex = Convert.ToHexStringLower(SHA256.HashData(bytes));
            File.WriteAllBytes($"{layout}/blobs/sha256/{hex}", bytes);
            return $$"""{"digest":"sha256:{{hex}}","size":{{bytes.Length}}}""";
        }

        var config = Add("""{"architecture":"amd64","config":{"Entrypoint":["/entry"],"Cmd":["arg"],"Env":["A=b"],"WorkingDir":"/work"}}"""u8.ToArray());
        var manifest = Add(Encoding.UTF8.GetBytes($$"""{"schemaVersion":2,"config":{{config}},"layers":[{{string.Join(',', layers.Select(Add))}}]}"""));
        File.WriteAllText($"{layout}/index.json", $$"""{"schemaVersion":2,"manifests":[{{manifest}}]}""");
        File.WriteAllText($"{layout}/oci-layout", """{"imageLayoutVersion":"1.0.0"}""");
        return layout;
    }
}
