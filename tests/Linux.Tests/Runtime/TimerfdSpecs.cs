using ActorMigration.Contracts;
using ActorMigration.Host.Linux.Processes;

namespace ActorMigration.Linux.Tests.Runtime;

/// <summary>A periodic timerfd with an interval shorter than the freeze: dead after a plain CRIU restore, alive after ours.</summary>
public sealed class TimerfdSpec : IAsyncLifetime
{
    private const string Source = """
        #include <sys/timerfd.h>
        #include <stdint.h>
        #include <stdio.h>
        #include <unistd.h>
        int main(void) {
            struct itimerspec every = { { 0, 20000000 }, { 0, 20000000 } };
            int timer = timerfd_create(CLOCK_MONOTONIC, 0);
            uint64_t ticks, sum = 0;
            timerfd_settime(timer, 0, &every, 0);
            while (read(timer, &ticks, sizeof ticks) == sizeof ticks) {
                FILE *file = fopen("/count", "w");
                fprintf(file, "%llu\n", (unsigned long long)(sum += ticks));
                fclose(file);
            }
        }
        """;

    private readonly RuntimeLab _lab = new();

    public Task InitializeAsync() => _lab.InitializeAsync();

    public Task DisposeAsync() => _lab.DisposeAsync();

    [Fact]
    public async Task A_periodic_timer_fires_on_behind_the_gate()
    {
        await File.WriteAllTextAsync($"{_lab.State}/ticker.c", Source);
        await RuntimeLab.RunAsync("gcc", "-static", "-O1", "-o", $"{_lab.State}/ticker", $"{_lab.State}/ticker.c");
        var started = await _lab.StartAsync("ticker", "/bin/sh", "-c", "while [ ! -x /ticker ]; do usleep 1000; done; exec /ticker");
        File.Copy($"{_lab.State}/ticker", $"{started.Root.MountPoint}/ticker.new");
        File.Move($"{started.Root.MountPoint}/ticker.new", $"{started.Root.MountPoint}/ticker");
        var dump = started.PrepareDump(withMemory: true);
        await started.FreezeAsync();
        // Longer than the interval: the timer expires while nobody can read it.
        await Task.Delay(100);
        await dump.RunAsync();
        var count = started.Count;

        var (gate, _) = await started.StartRestoreAsync(new Fence(1, 1));
        await gate.WaitGateAsync();
        await started.Container.RemoveAsync();
        await gate.OpenAsync();

        Assert.True(SpinWait.SpinUntil(() => started.Count > count + 5, 3000), $"the timer stands at {started.Count}, it was {count}");
    }
}
