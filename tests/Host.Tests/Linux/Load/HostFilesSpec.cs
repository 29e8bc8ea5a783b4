using ActorMigration.Actors;
using ActorMigration.Host.Linux.Load;

namespace ActorMigration.Host.Tests.Linux.Load;

/// <summary>What kernels write, as it was seen, and what is made of it.</summary>
public sealed class HostFilesSpec
{
    [Fact]
    public void Busy_is_neither_idle_nor_waiting_nor_stolen_and_each_line_of_a_core_is_one()
    {
        const string Stat = "cpu  1000 200 300 99999 50 10 20 777 400 0\ncpu0 1 2 3 4 5 6 7 8 9 0\ncpu1 1 2 3 4 5 6 7 8 9 0\nintr 5 cpu3\ncpu7 1\n";

        Assert.Equal((2, 15.3), HostFiles.Cpu(Stat));
    }

    [Fact]
    public void Memory_that_could_be_had_without_swapping_is_not_used()
        => Assert.Equal((24684084 * 1024.0, 1818224 * 1024.0), HostFiles.Memory("MemTotal:       24684084 kB\nMemFree:        20208348 kB\nMemAvailable:   22865860 kB\n"));

    [Fact]
    public void Disks_are_counted_and_what_is_made_of_them_is_not()
    {
        const string Diskstats =
            """
               7       0 loop0 4937 45 158606 1622 32409 42211 5344916 72726 0 49940 108260 0 0 0 0 16879 33930
             254       0 vda 10 0 100 0 20 0 300 0 0 0 0 0 0 0 0 0 0
             254       1 vda1 10 0 100 0 20 0 300 0 0 0 0 0 0 0 0 0 0
               8       0 sda 1 0 2 0 1 0 4 0
            """;

        Assert.Equal((400 + 6) * 512, HostFiles.DiskBytes(Diskstats, name => name is "vda" or "sda"));
    }

    [Fact]
    public void Interfaces_count_both_ways_also_one_that_is_glued_to_its_colon()
    {
        const string Dev =
            """
            Inter-|   Receive                                                |  Transmit
             face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
                lo:     276       5    0    0    0     0          0         0      276       5    0    0    0     0       0          0
            amc231dac5a701:198418250    8211    0    0    0     0          0         0 136906559    8330    0    0    0     0       0          0
            """;

        var bytes = HostFiles.NetworkBytes(Dev);
        Assert.Equal(["amc231dac5a701", "lo"], bytes.Keys.Order(StringComparer.Ordinal));
        Assert.Equal((552.0, 335324809.0), (bytes["lo"], bytes["amc231dac5a701"]));
    }

    [Theory]
    [InlineData("some avg10=88.27 avg60=89.19 avg300=90.28 total=35701578812\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=5\n", 35701.578812, 5e-6)]
    [InlineData("some avg10=0.00 avg60=0.00 avg300=0.00 total=7\n", 7e-6, 0)]
    public void Pressure_is_read_in_seconds(string text, double some, double full) => Assert.Equal(new StallTime(some, full), HostFiles.Stall(text));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public void A_kernel_without_pressure_says_nothing(string? text) => Assert.Null(HostFiles.Stall(text));

    [Fact]
    public void A_field_is_found_by_its_whole_name()
    {
        const string Stat = "anon_thp 1\nanon 22\ninactive_file 3\n";

        Assert.Equal((22.0, 3.0, null), (ProcText.Field(Stat, "anon"), ProcText.Field(Stat, "inactive_file"), ProcText.Field(Stat, "file")));
    }

    [Fact]
    public void A_process_says_what_it_used_whatever_its_name()
    {
        Assert.Equal(5.5, ProcessCounters.CpuSeconds("42 (a ) (b) S 1 2 3 4 5 6 7 8 9 10 200 150 150 50 20 0 1 0 12345 1 1"));
        Assert.Equal(12, ProcessCounters.DiskBytes("rchar: 100\nwchar: 100\nsyscr: 1\nsyscw: 1\nread_bytes: 4\nwrite_bytes: 8\ncancelled_write_bytes: 2\n"));
        Assert.Equal(3 * 1024, ProcessCounters.ResidentBytes("VmRSS:\t 10 kB\nRssAnon:\t       2 kB\nRssFile:\t 7 kB\nRssShmem:\t 1 kB\n"));
    }

    [Fact]
    public void A_process_that_has_ended_says_nothing()
        => Assert.Equal((0.0, 0.0, 0.0), (ProcessCounters.CpuSeconds(null), ProcessCounters.DiskBytes(null), ProcessCounters.ResidentBytes(null)));

    [Fact]
    public void A_sum_that_is_low_once_is_not_counted_twice_and_one_that_stays_low_is_counted_on()
    {
        var sum = new SteadySum();

        Assert.Equal([10, 25, 25, 27, 27, 27, 28], ((double[])[10, 25, 5, 27, 4, 4, 5]).Select(sum.After));
    }

    [Fact]
    public void The_disks_of_a_cgroup_are_added_up()
    {
        Assert.Equal(1106, ContainerFiles.IoBytes("254:0 rbytes=100 wbytes=1000 rios=5 wios=7 dbytes=9 dios=0\n8:0 rbytes=1 wbytes=5 rios=1 wios=1 dbytes=0 dios=0\n"));
        Assert.Equal(0, ContainerFiles.IoBytes(""));
        Assert.Null(ContainerFiles.IoBytes(null));
    }
}
