using ActorMigration.Contracts;
using ActorMigration.Host.Linux.Criu;
using ActorMigration.Host.Linux.Criu.Images;

namespace ActorMigration.Linux.Tests.Runtime;

/// <summary>Images that CRIU wrote are let through; the same images with one thing changed are not.</summary>
public sealed class ImageCheckSpec : IAsyncLifetime
{
    private const long MaxBytes = 64 << 20;
    private readonly RuntimeLab _lab = new();
    private Started _started = null!;

    private string Directory => $"{_lab.Images}/img";

    public async Task InitializeAsync()
    {
        await _lab.InitializeAsync();
        _started = await _lab.StartAsync("counter", "/bin/sh", "-c", RuntimeLab.Counter);
        var dump = _started.PrepareDump();
        await _started.FreezeAsync();
        await dump.RunAsync();
    }

    public Task DisposeAsync() => _lab.DisposeAsync();

    [Fact]
    public void What_CRIU_wrote_of_a_container_passes_and_every_change_is_refused()
    {
        ImageCheck.Check(Directory, _started.Spec, MaxBytes);

        // Another spec: the same images are those of a container with another name, and with a mount that it does not have.
        AssertRefused("cgroup.img", _started.Spec with { Name = new ContainerName("other") });
        Assert.Throws<ImageRefusedException>(() => ImageCheck.Check(Directory, _started.Spec, 1000));

        AssertRefusedAfter("mountpoints-*.img", "/proc/sys", "/proc/sya");
        AssertRefusedAfter("mountpoints-*.img", "/dev/shm", "/dev/../");
        AssertRefusedAfter("mountpoints-*.img", "/dev/null", "/dev/vda0");
        AssertRefusedAfter("files.img", "/dev/null", "/../.null");
        AssertRefusedAfter("cgroup.img", "counter-e1o0", "counter/../0");

        AssertRefusedWith("hook.sh");
        AssertRefusedWith("core-1.img.bak");
        AssertRefusedWith("..img");
        var link = Path.Combine(Directory, "core-99.img");
        File.CreateSymbolicLink(link, "/etc/shadow");
        AssertRefused("core-99.img", _started.Spec);
        File.Delete(link);
        System.IO.Directory.CreateDirectory(link);
        AssertRefused("core-99.img", _started.Spec);
        System.IO.Directory.Delete(link);

        File.Move(Path.Combine(Directory, "pstree.img"), Path.Combine(_lab.State, "pstree.img"));
        AssertRefused("inventory.img", _started.Spec);
    }

    [Fact]
    public void A_task_with_more_capabilities_than_the_policy_grants_is_refused()
    {
        var core = System.IO.Directory.EnumerateFiles(Directory, "core-1.img").Single();
        var bytes = File.ReadAllBytes(core);
        // creds { cap_bnd: 0x405fb } as CRIU wrote it: field 12, varint fb 8b 10. CAP_SYS_RAWIO (17) is added.
        var at = bytes.AsSpan().IndexOf((ReadOnlySpan<byte>)[0x60, 0xfb, 0x8b, 0x10]);
        Assert.True(at > 0);

        bytes[at + 3] = 0x18;
        File.WriteAllBytes(core, bytes);

        AssertRefused("core-1.img", _started.Spec);
    }

    [Fact]
    public void An_image_that_is_cut_off_anywhere_is_refused_or_means_less_and_never_breaks_the_checker()
    {
        foreach (var pattern in (string[])["mountpoints-*.img", "core-1.img", "files.img", "cgroup.img"])
        {
            var path = System.IO.Directory.EnumerateFiles(Directory, pattern).Single();
            var whole = File.ReadAllBytes(path);
            for (var length = 0; length < whole.Length; length += 7)
            {
                File.WriteAllBytes(path, whole[..length]);
                var e = Record.Exception(() => ImageCheck.Check(Directory, _started.Spec, MaxBytes));
                Assert.True(e is null or CriuImageException or ImageRefusedException, $"{pattern} cut at {length}: {e}");
            }

            File.WriteAllBytes(path, whole);
        }

        ImageCheck.Check(Directory, _started.Spec, MaxBytes);
    }

    private void AssertRefused(string image, ContainerSpec spec)
        => Assert.Equal(image, Assert.Throws<ImageRefusedException>(() => ImageCheck.Check(Directory, spec, MaxBytes)).Image);

    private void AssertRefusedWith(string name)
    {
        var path = Path.Combine(Directory, name);
        File.WriteAllText(path, "");
        AssertRefused(name, _started.Spec);
        File.Delete(path);
    }

    private void AssertRefusedAfter(string pattern, string text, string replacement)
    {
        Assert.Equal(text.Length, replacement.Length);
        var path = System.IO.Directory.EnumerateFiles(Directory, pattern).Single();
        var whole = File.ReadAllBytes(path);
        var latin = System.Text.Encoding.Latin1;
        var changed = latin.GetString(whole).Replace(text, replacement, StringComparison.Ordinal);
        Assert.NotEqual(latin.GetString(whole), changed);
        File.WriteAllBytes(path, latin.GetBytes(changed));
        AssertRefused(Path.GetFileName(path), _started.Spec);
        File.WriteAllBytes(path, whole);
    }
}
