using ActorMigration.Contracts;
using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;

namespace ActorMigration.Actors.Tests.Balancing;

/// <summary>The load actor under a clock and timers that only the test moves.</summary>
public sealed class LoadActorSpec : TestKit
{
    private static readonly HostName Self = new("a");
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(5);
    private static readonly LoadSettings Settings = new(TimeSpan.FromSeconds(5), LoadWindows.Minute, TimeSpan.FromSeconds(30), 200e6, 125e6, ["ssd"]);

    private readonly ScriptedSource _source = new();
    private readonly HandClock _clock = new();
    private HostStanding _standing = HostStanding.Accepts;
    private Func<CancellationToken, Task<ContainerObstacle[]>> _obstacles = static _ => Task.FromResult<ContainerObstacle[]>([]);

    public LoadActorSpec()
        : base("akka.scheduler.implementation = \"Akka.TestKit.TestScheduler, Akka.TestKit\", akka.loglevel = WARNING, akka.stdout-loglevel = OFF, akka.test.single-expect-default = 30s, akka.test.default-timeout = 30s")
    {
    }

    private TestScheduler Timers => (TestScheduler)Sys.Scheduler;

    [Fact]
    public async Task Before_two_samples_nothing_is_known()
    {
        var load = Start();
        await AwaitSampleAsync();
        Assert.Equal("the load of host a is not known: it has not been measured yet", (await AskUnknownAsync(load)).Sentence);

        await FinishAsync(load, Samples.At(0, 0));
        Assert.Equal("the load of host a is not known: it has not been measured twice yet", (await AskUnknownAsync(load)).Sentence);

        await PassAsync(load, Settings.Interval);
        await FinishAsync(load, Samples.At(5, 10));
        var told = await AskAsync(load);
        Assert.Equal((Self, 2.0, HostStanding.Accepts), (told.Host, told.Own.Cpu, told.Standing));
        Assert.Equal(["ssd"], told.Labels);
    }

    [Fact]
    public async Task The_standing_is_asked_for_at_each_answer()
    {
        var load = await StartMeasuredAsync();
        _standing = HostStanding.Draining;

        Assert.Equal(HostStanding.Draining, (await AskAsync(load)).Standing);
    }

    [Fact]
    public async Task What_keeps_containers_here_is_told_while_this_host_is_drained_and_looked_for_only_then()
    {
        var looks = 0;
        _obstacles = _ =>
        {
            Interlocked.Increment(ref looks);
            return Task.FromResult<ContainerObstacle[]>([new ContainerObstacle(new ContainerName("web"), new string('x', 2 * ContainerLoad.MostObstacle))]);
        };
        var load = await StartMeasuredAsync(Samples.Container("web", cpu: 0), Samples.Container("other", cpu: 0));
        Assert.All((await AskAsync(load)).Containers, c => Assert.Equal("", c.Obstacle));
        Assert.Equal(0, looks);

        _standing = HostStanding.Draining;
        var told = await AskAsync(load);
        Assert.Equal([("other", 0), ("web", ContainerLoad.MostObstacle)], told.Containers.Select(c => (c.Name.Value, c.Obstacle.Length)).Order());
        Assert.Null(LoadCheck.WhyNot(told));

        await AskAsync(load);
        Assert.Equal(1, looks);
        _clock.Now += LoadActor.LookAgainAfter;
        await AskAsync(load);
        Assert.Equal(2, looks);
    }

    [Fact]
    public async Task A_look_for_what_keeps_containers_here_that_hangs_or_fails_costs_nobody_his_answer()
    {
        var hangs = new TaskCompletionSource<ContainerObstacle[]>();
        _obstacles = _ => hangs.Task;
        _standing = HostStanding.Draining;
        var load = await StartMeasuredAsync(Samples.Container("web", cpu: 0));

        Assert.Equal("", Assert.Single((await AskAsync(load)).Containers).Obstacle);
        hangs.SetResult([new ContainerObstacle(new ContainerName("web"), "it is what it is")]);
        Assert.Equal("it is what it is", Assert.Single((await AskAsync(load)).Containers).Obstacle);

        // The next one fails: what the last one saw is told, and it is looked again.
        _obstacles = _ => throw new InvalidOperationException("no");
        _clock.Now += LoadActor.LookAgainAfter;
        await EventFilter.Warning(contains: "what keeps containers on this host could not be looked at: no;").ExpectOneAsync(
            async () => Assert.Equal("it is what it is", Assert.Single((await AskAsync(load)).Containers).Obstacle));
        _obstacles = static _ => Task.FromResult<ContainerObstacle[]>([]);
        _clock.Now += LoadActor.LookAgainAfter;
        Assert.Equal("", Assert.Single((await AskAsync(load)).Containers).Obstacle);
    }

    [Fact]
    public async Task Never_two_samples_at_once()
    {
        var load = Start();
        await AwaitSampleAsync();
        for (var i = 0; i < 5; i++)
        {
            await PassAsync(load, Settings.Interval);
        }

        await RoundTripAsync(load);
        Assert.Equal(1, _source.Begun);

        await FinishAsync(load, Samples.At(0, 0));
        await AwaitSampleAsync();
        Assert.Equal(2, _source.Begun);
    }

    [Fact]
    public async Task A_sample_that_hangs_lets_the_numbers_age_until_nothing_is_known_and_is_logged_once()
    {
        var load = await StartMeasuredAsync();
        await EventFilter.Warning(contains: "a sample of this host's load hangs").ExpectAsync(1, async () =>
        {
            for (var i = 0; i < 6; i++)
            {
                await PassAsync(load, Settings.Interval);
            }

            await RoundTripAsync(load);
            Assert.Equal(2, (await AskAsync(load)).Own.Cpu);
            for (var i = 0; i < 6; i++)
            {
                await PassAsync(load, Settings.Interval);
            }

            await RoundTripAsync(load);
        });

        Assert.Equal("the load of host a is not known: it has not been measured for 60 s (a sample of this host's load hangs: since 55 s)", (await AskUnknownAsync(load)).Sentence);
    }

    [Fact]
    public async Task Numbers_come_back_when_samples_do()
    {
        var load = await StartMeasuredAsync();
        await AwaitSampleAsync();
        _clock.Now += TimeSpan.FromSeconds(60);
        await AskUnknownAsync(load);

        await FinishAsync(load, Samples.At(70, 75));

        Assert.InRange((await AskAsync(load)).Own.Cpu, 1.0, 2.0);
    }

    [Fact]
    public async Task A_sample_that_fails_is_logged_once_for_each_cause_and_tried_again()
    {
        var load = Start();
        await EventFilter.Warning(contains: "no such file").ExpectAsync(1, async () => await EventFilter.Warning(contains: "no such interface").ExpectAsync(1, async () =>
        {
            foreach (var cause in (string[])["no such file", "no such interface", "no such file", "no such file"])
            {
                await FailAsync(new IOException(cause));
            }
        }));

        await AwaitAssertAsync(async () => Assert.Equal(
            "the load of host a is not known: it has not been measured yet (this host's load could not be measured: no such file)", (await AskUnknownAsync(load)).Sentence));
        await FinishAsync(load, Samples.At(20, 0));
        await PassAsync(load, Settings.Interval);
        await FinishAsync(load, Samples.At(25, 5));
        Assert.Equal(1, (await AskAsync(load)).Own.Cpu);
    }

    [Fact]
    public async Task A_cause_that_lasts_is_logged_again_after_an_hour()
    {
        var load = Start();
        await EventFilter.Warning(contains: "no such file").ExpectAsync(2, async () =>
        {
            await FailAsync(new IOException("no such file"));
            await AwaitSampleAsync();
            _clock.Now += LoadActor.LogAgainAfter;
            await FailAsync(new IOException("no such file"));
        });
    }

    [Fact]
    public async Task A_source_that_throws_at_once_does_no_harm()
    {
        _source.ThrowsAtOnce = true;
        var load = Start();

        await AwaitAssertAsync(async () => Assert.Contains("at once", (await AskUnknownAsync(load)).Sentence, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_dirty_rate_is_what_the_last_move_measured()
    {
        var load = Start(measured: 7e6);
        await FinishAsync(load, Samples.At(0, 0, containers: [Samples.Container("web", 0)]));
        await PassAsync(load, Settings.Interval);
        await FinishAsync(load, Samples.At(5, 5, containers: [Samples.Container("web", 5)]));

        Assert.Equal(7e6, Assert.Single((await AskAsync(load)).Containers).DirtyBytesPerSecond);
    }

    [Fact]
    public async Task An_actor_that_has_ended_cancels_its_sample()
    {
        var load = Start();
        await AwaitSampleAsync();

        await load.GracefulStop(Patience);

        Assert.True(_source.Last.IsCancellationRequested);
    }

    private static async Task<HostLoad> AskAsync(IActorRef load) => (await load.Ask<LoadTold>(new AskLoad(), Patience)).Load;

    private static Task<LoadUnknown> AskUnknownAsync(IActorRef load) => load.Ask<LoadUnknown>(new AskLoad(), Patience);

    private static Task<ActorIdentity> RoundTripAsync(IActorRef actor) => actor.Ask<ActorIdentity>(new Identify(null), Patience);

    private IActorRef Start(double? measured = null) => Sys.ActorOf(LoadActor.Props(Self, _source, Settings, () => _standing, _ => measured, cancel => _obstacles(cancel), _clock));

    /// <summary>Two samples, at 0 and 5 s; a third is due at 10 s.</summary>
    private async Task<IActorRef> StartMeasuredAsync(params ContainerCounters[] containers)
    {
        var load = Start();
        await FinishAsync(load, Samples.At(0, 0, containers: containers));
        await PassAsync(load, Settings.Interval);
        await FinishAsync(load, Samples.At(5, 10, containers: containers));
        return load;
    }

    /// <summary>Time goes on; on return the actor has seen what became due.</summary>
    private async Task PassAsync(IActorRef load, TimeSpan time)
    {
        _clock.Now += time;
        Timers.Advance(time);
        await RoundTripAsync(load);
    }

    /// <summary>The sample that is under way, or the next, gives this; on return the actor's answer is another one.</summary>
    private async Task FinishAsync(IActorRef load, LoadSample sample)
    {
        var before = await load.Ask<object>(new AskLoad(), Patience);
        await AwaitSampleAsync();
        _source.Finish(sample);
        await AwaitConditionAsync(async () => !before.Equals(await load.Ask<object>(new AskLoad(), Patience)), Patience, LookEvery);
    }

    private async Task FailAsync(Exception failure)
    {
        await AwaitSampleAsync();
        _source.Fail(failure);
    }

    /// <summary>Timers go on, and the clock does not, until the actor has taken in the sample before and asks for another.</summary>
    private Task AwaitSampleAsync() => AwaitConditionAsync(
        () =>
        {
            if (!_source.IsUnderWay)
            {
                Timers.Advance(Settings.Interval);
            }

            return Task.FromResult(_source.IsUnderWay);
        },
        Patience,
        LookEvery);
}
