namespace ActorMigration.BalanceSimulator;

/// <summary>
/// Time of a call on the wall, and on a processor. The latter is the whole process's: this one has a thread and no collector beside it, and the machine may have other work.
/// </summary>
internal readonly struct CallTime
{
    private readonly long _wall;
    private readonly TimeSpan _cpu;

    private CallTime(long wall, TimeSpan cpu) => (_wall, _cpu) = (wall, cpu);

    public static CallTime Start() => new(System.Diagnostics.Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);

    /// <summary>Seconds.</summary>
    public (double Wall, double Cpu) Stop() => (System.Diagnostics.Stopwatch.GetElapsedTime(_wall).TotalSeconds, (Environment.CpuUsage.TotalTime - _cpu).TotalSeconds);
}
