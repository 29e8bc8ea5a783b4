using ActorMigration.Host.Linux.Containers;
using ActorMigration.Host.Linux.Load;

namespace ActorMigration.Host.Tests.Linux.Load;

/// <summary>A container's cgroups as directories of files: both versions, on a machine that has one of them.</summary>
public sealed class ContainerFilesSpec : IDisposable
{
    private const string Container = "/amig/web-e1o0";

    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("amig-load-");

    public void Dispose() => _root.Delete(recursive: true);

    [Fact]
    public void A_cgroup_of_version_2_counts_everything()
    {
        Write("", "cgroup.procs", "");
        Write("", "cpu.stat", "usage_usec 2500000\nuser_usec 1\n");
        Write("", "memory.current", "5000\n");
        Write("", "memory.stat", "anon 1000\nfile 3000\nshmem 200\ninactive_file 900\n");
        Write("", "io.stat", "254:0 rbytes=7 wbytes=8 rios=1 wios=1\n");
        var root = _root.FullName;

        Assert.Equal((2.5, 4100.0, 15.0, 1200.0), new ContainerFiles(new CgroupLayout(root, true, root, [root]) { CpuMount = root }, Container, "0::/amig/web-e1o0\n").Read());
    }

    [Fact]
    public void A_cgroup_of_version_1_counts_where_the_container_is_in_it()
    {
        WriteV1();

        Assert.Equal((2.5, 4100.0, 0.0, 1200.0), new ContainerFiles(V1(), Container, $"9:cpuacct,cpu:{Container}\n4:memory:{Container}/below\n6:freezer:{Container}\n").Read());
    }

    [Fact]
    public void A_directory_that_the_container_is_not_in_is_not_believed()
    {
        WriteV1();

        // No process in the freezer's directory: nothing is used, and not what the other directories say.
        Assert.Equal((0.0, 0.0, 0.0, 0.0), new ContainerFiles(V1(), Container, $"9:cpuacct,cpu:/\n4:memory:/amig/web-e1o01\n6:freezer:{Container}\n").Read());
    }

    [Fact]
    public void A_container_that_has_gone_is_not_there()
    {
        WriteV1();
        var files = new ContainerFiles(V1(), Container, $"9:cpuacct,cpu:{Container}\n4:memory:{Container}\n");
        Directory.Delete($"{_root}/cpuacct{Container}", recursive: true);
        Assert.Null(files.Read());

        Directory.Delete($"{_root}/freezer{Container}", recursive: true);
        Assert.Null(files.Read());
    }

    private CgroupLayout V1() => new($"{_root}/freezer", false, $"{_root}/memory", []) { CpuMount = $"{_root}/cpuacct" };

    private void WriteV1()
    {
        Write("/freezer", "cgroup.procs", "");
        Write("/cpuacct", "cpuacct.usage", "2500000000\n");
        Write("/memory", "memory.usage_in_bytes", "5000\n");
        Write("/memory", "memory.stat", "rss 1\nshmem 1\ninactive_file 1\ntotal_rss 1000\ntotal_shmem 200\ntotal_inactive_file 900\n");
    }

    private void Write(string mount, string file, string text)
    {
        var directory = Directory.CreateDirectory($"{_root}{mount}{Container}");
        File.WriteAllText(Path.Combine(directory.FullName, file), text);
    }
}
