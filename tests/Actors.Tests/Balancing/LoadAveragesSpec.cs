using ActorMigration.Contracts;

namespace ActorMigration.Actors.Tests.Balancing;

/// <summary>From counters to a host's load.</summary>
public sealed class LoadAveragesSpec
{
    /// <summary>Random histories; a failure names its seed.</summary>
    private const int Histories = 400;

    private static readonly TimeSpan Window = LoadWindows.Minute;
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public void The_first_sample_gives_no_rate_and_so_no_load()
    {
        Assert.Null(LoadAverages.None.Over(Window, Samples.Frame));
        Assert.Null(LoadAverages.None.After(Samples.At(0, cpu: 1000)).Over(Window, Samples.Frame));
        Assert.NotNull(LoadAverages.None.After(Samples.At(0, cpu: 1000)).After(Samples.At(5, cpu: 1001)).Over(Window, Samples.Frame));
    }

    [Fact]
    public void A_constant_rate_is_measured_as_that_rate_whatever_the_sampling_pattern()
    {
        for (var seed = 0; seed < Histories; seed++)
        {
            var random = new Random(seed);
            var (cpu, bytes) = (random.NextDouble() * 8, random.NextDouble() * 1e9);
            var averages = LoadAverages.None;
            var at = random.NextDouble() * 1e6;
            for (var i = 0; i < 2 + random.Next(40); i++)
            {
                var web = Samples.Container("web", cpu: at * cpu / 2, memory: 1e9, disk: at * bytes / 3, network: at * bytes / 4, written: null);
                averages = averages.After(Samples.At(at, cpu * at, memoryUsed: 3e9, disk: bytes * at, network: bytes * at, [web]));
                at += random.Next(3) switch { 0 => 0.1, 1 => 5 * random.NextDouble(), _ => 250 * random.NextDouble() } + 0.1;
            }

            foreach (var load in LoadWindows.All.Select(window => averages.Over(window, Samples.Frame)!))
            {
                var used = Assert.Single(load.Containers).Used;
                AssertNear(seed, [cpu / 2, 1e9, bytes / 3, bytes / 4], used);
                AssertNear(seed, [cpu / 2, 2e9, bytes * 2 / 3, bytes * 3 / 4], load.Own);
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(0.37)]
    public void A_step_has_reached_63_percent_after_one_window(double interval)
    {
        foreach (var window in LoadWindows.All)
        {
            var (averages, cpu) = (LoadAverages.None, 0.0);
            var start = window.TotalSeconds * 12;
            for (var at = 0.0; at <= start + window.TotalSeconds + (interval / 2); at += interval)
            {
                cpu += at > start ? interval : 0;
                averages = averages.After(Samples.At(at, cpu));
            }

            Assert.InRange(averages.Over(window, Samples.Frame)!.Own.Cpu, 0.632 - (interval / window.TotalSeconds), 0.632 + (interval / window.TotalSeconds));
        }
    }

    [Fact]
    public void A_late_sample_weighs_by_its_time()
    {
        // Ten windows at 0, then half a window at 1, in ten samples and in one.
        var rest = LoadAverages.None.After(Samples.At(0, 0));
        rest = Enumerable.Range(1, 600).Aggregate(rest, (averages, i) => averages.After(Samples.At(i, 0)));
        var often = Enumerable.Range(1, 10).Aggregate(rest, (averages, i) => averages.After(Samples.At(600 + (3 * i), 3 * i)));
        var once = rest.After(Samples.At(630, 30));

        Assert.Equal(often.Over(Window, Samples.Frame)!.Own.Cpu, once.Over(Window, Samples.Frame)!.Own.Cpu, 1e-9);
        Assert.Equal(1 - Math.Exp(-0.5), once.Over(Window, Samples.Frame)!.Own.Cpu, 1e-3);
    }

    [Fact]
    public void Two_samples_at_one_instant_change_nothing()
    {
        var averages = LoadAverages.None.After(Samples.At(0, 0)).After(Samples.At(5, 5));

        Assert.Same(averages, averages.After(Samples.At(5, 500)));
        Assert.Same(averages, averages.After(Samples.At(5.05, 500)));
    }

    [Fact]
    public void After_a_pause_of_hours_everything_begins_anew()
    {
        var averages = LoadAverages.None.After(Samples.At(0, 0)).After(Samples.At(5, 5)).After(Samples.At(3 * 3600, 6));

        Assert.Null(averages.Over(Window, Samples.Frame));
        Assert.Equal(0.5, averages.After(Samples.At((3 * 3600) + 10, 11)).Over(Window, Samples.Frame)!.Own.Cpu, 1e-9);
    }

    [Fact]
    public void After_a_clock_that_went_back_everything_begins_anew()
    {
        var averages = LoadAverages.None.After(Samples.At(100, 0)).After(Samples.At(105, 5)).After(Samples.At(50, 6));

        Assert.Null(averages.Over(Window, Samples.Frame));
        Assert.Equal(0.5, averages.After(Samples.At(60, 11)).Over(Window, Samples.Frame)!.Own.Cpu, 1e-9);
    }

    [Fact]
    public void A_counter_that_went_back_is_a_new_start_and_no_rate()
    {
        var averages = LoadAverages.None
            .After(Samples.At(0, 0, containers: [Samples.Container("web", cpu: 1e6)]))
            .After(Samples.At(5, 5, containers: [Samples.Container("web", cpu: 1e6 + 2.5)]))
            .After(Samples.At(10, 10, containers: [Samples.Container("web", cpu: 0.1)]))
            .After(Samples.At(15, 15, containers: [Samples.Container("web", cpu: 2.6)]));

        Assert.Equal(0.5, Assert.Single(averages.Over(Window, Samples.Frame)!.Containers).Used.Cpu, 1e-9);
    }

    [Fact]
    public void A_container_at_a_new_fence_is_another_one()
    {
        var averages = LoadAverages.None
            .After(Samples.At(0, 0, containers: [Samples.Container("web", cpu: 100)]))
            .After(Samples.At(5, 5, containers: [Samples.Container("web", cpu: 105)]))
            .After(Samples.At(10, 10, containers: [Samples.Container("web", cpu: 5000, epoch: 2)]));

        var web = Assert.Single(averages.Over(Window, Samples.Frame)!.Containers);
        Assert.Equal((new Fence(2, 0), 0.0), (web.Fence, web.Used.Cpu));
    }

    [Fact]
    public void What_a_container_did_before_it_was_seen_twice_is_the_hosts_own()
    {
        var averages = LoadAverages.None
            .After(Samples.At(0, 0))
            .After(Samples.At(5, 5, containers: [Samples.Container("web", cpu: 4)]));

        Assert.Equal(1, averages.Over(Window, Samples.Frame)!.Own.Cpu, 1e-9);
        Assert.Equal(0, Assert.Single(averages.Over(Window, Samples.Frame)!.Containers).Used.Cpu);
    }

    [Fact]
    public void A_container_that_has_gone_leaves_nothing_in_the_hosts_own()
    {
        var averages = Enumerable.Range(0, 20).Aggregate(LoadAverages.None, (all, i) => all.After(Samples.At(5 * i, 5 * i, containers: [Samples.Container("web", cpu: 5 * i)])));

        averages = averages.After(Samples.At(100, 95));

        Assert.Empty(averages.Over(Window, Samples.Frame)!.Containers);
        Assert.Equal(0, averages.Over(Window, Samples.Frame)!.Own.Cpu, 1e-9);
    }

    [Fact]
    public void The_hosts_own_is_never_below_0_when_its_containers_count_more_than_it()
    {
        var averages = LoadAverages.None
            .After(Samples.At(0, 0, memoryUsed: 1e9, containers: [Samples.Container("web", cpu: 0, memory: 2e9, network: 0)]))
            .After(Samples.At(5, 4, memoryUsed: 1e9, containers: [Samples.Container("web", cpu: 5, memory: 2e9, network: 1e6)]));

        Assert.Equal(default, averages.Over(Window, Samples.Frame)!.Own);
    }

    [Fact]
    public void Pressure_is_the_share_of_time_in_which_something_waited_the_highest_of_three()
    {
        static PressureCounters Stalled(double cpu, double io) => new(new StallTime(cpu, 0), null, new StallTime(io, io));
        var averages = LoadAverages.None.After(Samples.At(0, 0, pressure: Stalled(10, 7))).After(Samples.At(5, 0, pressure: Stalled(10.5, 9)));

        Assert.Equal(0.4, averages.Over(Window, Samples.Frame)!.Pressure, 1e-9);
    }

    [Fact]
    public void A_kernel_without_pressure_says_0()
        => Assert.Equal(0, LoadAverages.None.After(Samples.At(0, 0)).After(Samples.At(5, 0)).Over(Window, Samples.Frame)!.Pressure);

    [Theory]
    [InlineData(null, 125e6)]
    [InlineData(0.0, 125e6)]
    [InlineData(-1.0, 125e6)]
    [InlineData(1.25e9, 1.25e9)]
    public void The_network_can_do_what_the_link_says_or_else_what_is_configured(double? link, double expected)
    {
        var averages = LoadAverages.None.After(Samples.At(0, 0, link: link)).After(Samples.At(5, 0, link: link));

        Assert.Equal(expected, averages.Over(Window, Samples.Frame)!.Capacity.Network);
    }

    [Fact]
    public void A_host_that_says_it_has_no_memory_has_no_load()
        => Assert.Null(LoadAverages.None.After(Samples.At(0, 0, memoryTotal: 0)).After(Samples.At(5, 0, memoryTotal: 0)).Over(Window, Samples.Frame));

    [Fact]
    public void Whatever_the_counters_do_no_number_is_negative_infinite_or_none()
    {
        for (var seed = 0; seed < Histories; seed++)
        {
            var random = new Random(seed);
            var averages = LoadAverages.None;
            var at = 0.0;
            for (var i = 0; i < 60; i++)
            {
                // On time, late, at once, after a pause, and with a clock that was set back.
                at = Math.Clamp(at + (random.Next(6) switch { 0 => 0, 1 => 1e-4, 2 => -100 * random.NextDouble(), 3 => 5000 * random.NextDouble(), _ => 5 }), 0, 1e9);
                averages = averages.After(Samples.Broken(random, at));
                foreach (var load in LoadWindows.All.Select(window => averages.Over(window, Samples.Frame)).OfType<HostLoad>())
                {
                    Assert.True(load.Capacity.IsAmount && load.Own.IsAmount, $"seed {seed}: {load}");
                    Assert.InRange(load.Pressure, 0, 1);
                    Assert.All(load.Containers, one => Assert.True(one.Used.IsAmount && new Resources(one.ResidentBytes, one.DirtyBytesPerSecond, 0, 0).IsAmount, $"seed {seed}: {one}"));
                }
            }
        }
    }

    [Fact]
    public void Memory_that_was_seen_to_be_written_counts_before_what_a_move_measured_and_before_the_default()
    {
        static double Dirty(double? written, double? measured)
        {
            var averages = LoadAverages.None
                .After(Samples.At(0, 0, containers: [Samples.Container("web", cpu: 0, resident: 1e9)]))
                .After(Samples.At(5, 5, containers: [Samples.Container("web", cpu: 5, resident: 1e9, written: written)]));
            return Assert.Single(averages.Over(Window, Samples.Frame with { MeasuredDirtyBytesPerSecond = _ => measured })!.Containers).DirtyBytesPerSecond;
        }

        Assert.Equal(1e6, Dirty(5e6, 3e6), 1e-3);
        Assert.Equal(3e6, Dirty(null, 3e6), 1e-3);
        Assert.Equal(1e9 * DirtyRate.ShareOfResidentPerSecond, Dirty(null, null), 1e-3);
    }

    [Fact]
    public void A_container_that_does_not_compute_writes_nothing()
    {
        Assert.Equal(0, DirtyRate.Of(null, 1e9, 1e9, 0));
        Assert.Equal(DirtyRate.BytesPerCoreSecond / 1000, DirtyRate.Of(null, null, 1e12, 0.001), 1e-3);
    }

    [Fact]
    public void What_a_move_measured_goes_with_the_container()
    {
        var (a, b, name) = (new HostName("a"), new HostName("b"), new ContainerName("web"));
        var round = new RoundReport(1, 10, 0, 40960, 0, 0, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        AttemptDetails Ended(HostName from, HostName by, double pages, params RoundReport[] rounds) => new(
            AttemptId.New(), name, new Fence(1, 1), from, from == a ? b : a, by, Phase.Teardown, "Ended", AttemptOutcome.Committed, MigrationFailure.None, "", 1, [], rounds, 0, 0, [], 0, pages, 0, null);
        static double? Measured(ContainerName container, params AttemptDetails[] ended)
            => DirtyRate.MeasuredBy(ended.Aggregate(JournalState.Empty, (state, one) => state.Apply(new JournalEntry.Ended(one))), container);

        // It came here and told; it went, and came back from where nobody had measured it.
        Assert.Equal(70 * 4096.0, Measured(name, Ended(a, b, 70)));
        Assert.Equal(90 * 4096.0, Measured(name, Ended(a, b, 70), Ended(b, b, 90, round, round)));
        Assert.Equal(90 * 4096.0, Measured(name, Ended(a, b, 70), Ended(b, b, 90, round, round), Ended(a, b, 0)));

        // One round tells nothing, and neither does a move that did not bring it here.
        Assert.Null(Measured(name, Ended(b, b, 0, round)));
        Assert.Null(Measured(name, Ended(a, b, 70) with { Outcome = AttemptOutcome.Aborted }));
        Assert.Null(Measured(new ContainerName("other"), Ended(a, b, 70)));
    }

    private static void AssertNear(int seed, double[] expected, Resources actual)
    {
        for (var kind = 0; kind < Resources.Kinds; kind++)
        {
            Assert.True(Math.Abs(expected[kind] - actual[kind]) <= 1e-6 * (1 + expected[kind]), $"seed {seed}, kind {kind}: {expected[kind]} was to be measured, not {actual[kind]}");
        }
    }
}
