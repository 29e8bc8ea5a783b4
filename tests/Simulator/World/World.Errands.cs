using ActorMigration.Actors;
using ActorMigration.Contracts;

namespace ActorMigration.Simulator;

/// <summary>
/// Production code that waits for others (<see cref="Resolver"/>, <see cref="ResolutionNews"/>): its client's requests and its clock's timers are items like all others, and what
/// waits for one goes on in the step that takes it. When its daemon ends, nothing of it ever goes on.
/// </summary>
internal sealed partial class World
{
    /// <summary>Replies that do not come are lost, which a schedule says; no time passes for that.</summary>
    private static readonly VoterTimes NoTimes = new(Timeout.InfiniteTimeSpan, TimeSpan.Zero, TimeSpan.Zero);

    private readonly List<Task> _errands = [];

    /// <summary>Lets code that waits go on, here and now: not on another thread, where a schedule would be another one each time.</summary>
    private void GoOn(Action step)
    {
        var context = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            step();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(context);
        }

        foreach (var failed in _errands.Where(static e => e.IsFaulted))
        {
            failed.GetAwaiter().GetResult();
        }

        _errands.RemoveAll(static e => e.IsCompleted);
    }

    private void HearErrand(SimulatedHost host, Asker.Errand errand, SimulatedHost voter, VoterReply? reply, CrashPoint crash, int mask)
    {
        if (!host.IsUp || errand.Life != host.Life || errand.Answer.Task.IsCompleted)
        {
            return;
        }

        Crossing(host, Cells.Of(errand.Question, reply), crash, mask, () => GoOn(() =>
        {
            if (reply is not null)
            {
                errand.Answer.SetResult(reply);
            }
            else
            {
                errand.Answer.SetException(new VoterUnreachableException(voter.Name, "lost in this schedule"));
            }
        }));
    }

    /// <summary>What one life of a daemon asks others for.</summary>
    private sealed class Client(World world, SimulatedHost host, int run) : IVoterClient
    {
        private readonly int _life = host.Life;

        public Task<VoterReply> AskAsync(HostName voter, VoterRequest request, CancellationToken cancel)
        {
            var errand = new Asker.Errand(run, _life, request);
            if (world._mutant == Mutant.ConsentNotAsked && voter != host.Name && world.Forged(voter, request) is { } forged)
            {
                errand.Answer.SetResult(forged);
            }
            else
            {
                world._pending.Add(new Pending.Request(host, world.Host(voter), request, errand));
            }

            return errand.Answer.Task;
        }
    }

    /// <summary>The wall clock of a host, and timers that are items of the schedule. One that never ends is none.</summary>
    private sealed class ErrandClock(World world, SimulatedHost host) : TimeProvider
    {
        /// <summary>So that three waits are the patience of a host that was booted: how often it asks does not matter, that it ends does.</summary>
        private static readonly TimeSpan PerTick = ResolutionNews.BootPatience / 3;

        private TimeSpan _passed;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override DateTimeOffset GetUtcNow() => world.Now(host);

        public override long GetTimestamp() => _passed.Ticks;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            if (dueTime != Timeout.InfiniteTimeSpan)
            {
                world.Wait(host, new Pending.Tick(() =>
                {
                    _passed += PerTick;
                    callback(state);
                })
                { Owner = host });
            }

            return new NoTimer();
        }

        /// <summary>Nobody stops one that may still fire: what it would do is done already, or its daemon has ended.</summary>
        private sealed class NoTimer : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
