using ActorMigration.Host.Linux.Containers;

namespace ActorMigration.Host.Tests.Linux;

public class CgroupLayoutSpec
{
    [Fact]
    public void A_hybrid_host_freezes_by_v1_as_runc_does()
    {
        var layout = CgroupLayout.Find(
        [
            "24 1 0:22 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755",
            "25 24 0:23 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory",
            "26 24 0:24 / /sys/fs/cgroup/freezer rw - cgroup cgroup rw,freezer",
            "27 24 0:25 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw",
            "90 24 0:24 / /attempt/work/.criu.cgyard.x/freezer rw - cgroup none rw,freezer",
        ]);

        Assert.NotNull(layout);
        Assert.Equal(("/sys/fs/cgroup/freezer", false, "/sys/fs/cgroup/memory"), (layout.FreezerMount, layout.IsV2, layout.MemoryMount));
        Assert.Equal(["/sys/fs/cgroup/memory", "/sys/fs/cgroup/freezer", "/sys/fs/cgroup/unified"], layout.Mounts);
        Assert.Equal(("/sys/fs/cgroup/freezer/a/b/freezer.state", "FROZEN"), (layout.Open("/a/b").StateFile, layout.Open("/a/b").FrozenWord));
    }

    [Fact]
    public void A_host_of_today_freezes_by_v2()
    {
        var layout = CgroupLayout.Find(["30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate"]);

        Assert.NotNull(layout);
        Assert.True(layout.IsV2);
        Assert.Equal(("/sys/fs/cgroup/a/cgroup.freeze", "1", "0"), (layout.Open("/a").StateFile, layout.Open("/a").FrozenWord, layout.Open("/a").ThawedWord));
    }

    [Fact]
    public void Without_a_freezer_there_is_no_layout()
        => Assert.Null(CgroupLayout.Find(["24 1 0:22 / /sys/fs/cgroup rw - tmpfs tmpfs rw", "25 24 0:23 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory", "cut off"]));

    [Fact]
    public void Mounts_below_a_directory_are_found_by_whole_parts_and_with_blanks()
        => Assert.Equal(
            ["/a", "/a/b c"],
            MountTable.Below("/a", ["1 0 0:1 / /a rw - tmpfs x rw", "2 0 0:1 / /ab rw - tmpfs x rw", "3 0 0:1 / /a/b\\040c rw - tmpfs x rw"]));
}
