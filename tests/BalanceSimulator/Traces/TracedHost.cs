using ActorMigration.Contracts;
using ActorMigration.Simulator;

namespace ActorMigration.BalanceSimulator;

/// <summary>A host of a trace: what it has, whether it is there, and whether it is slower than it says. Advanced by <see cref="Trace"/>, once a round.</summary>
internal sealed class TracedHost
{
    /// <summary>A host of the smaller kind; cores, bytes, bytes per second.</summary>
    private static readonly Resources Small = new(32, 128e9, 1e9, 1.25e9);

    /// <summary>Every so many hosts is twice as large.</summary>
    private const int OneLargeIn = 4;

    /// <summary>Seconds from one failure of a host to its next, on average: often enough that a day of ten hosts has one or two.</summary>
    private const double FailsEverySeconds = 150 * 3600;

    /// <summary>Seconds that a host is away, on average.</summary>
    private const double AwaySeconds = 20 * 60;

    /// <summary>Seconds from one spell in which a host is slower than it says (heat, a neighbour in the same machine, a failing disk) to its next, on average.</summary>
    private const double SlowEverySeconds = 12 * 3600;

    /// <summary>Seconds of such a spell, on average.</summary>
    private const double SlowSeconds = 30 * 60;

    /// <summary>Share of its cores that is left in a spell.</summary>
    private const double SlowShare = 0.7;

    private readonly Chance _chance;

    public TracedHost(int number, Chance chance)
    {
        _chance = chance;
        Name = new HostName($"h{number}");
        Weight = number % OneLargeIn == OneLargeIn - 1 ? 2 : 1;
        Capacity = new Resources(Small.Cpu * Weight, Small.Memory * Weight, Small.Disk * Weight, Small.Network * Weight);
        Own = new Resources(0.02 * Capacity.Cpu, 0.03 * Capacity.Memory, 0, 0);
    }

    public HostName Name { get; }

    /// <summary>How many of the smaller kind it is.</summary>
    public int Weight { get; }

    /// <summary>What it says that it has.</summary>
    public Resources Capacity { get; }

    /// <summary>What it uses itself.</summary>
    public Resources Own { get; }

    public bool IsUp { get; private set; } = true;

    public bool IsSlow { get; private set; }

    /// <summary>What it really has at the moment.</summary>
    public Resources Effective => IsSlow ? Capacity with { Cpu = Capacity.Cpu * SlowShare } : Capacity;

    public void Advance()
    {
        IsUp = _chance.Within(IsUp ? FailsEverySeconds : AwaySeconds) ? !IsUp : IsUp;
        IsSlow = _chance.Within(IsSlow ? SlowSeconds : SlowEverySeconds) ? !IsSlow : IsSlow;
    }

    /// <summary>Share of time in which something waits here: none up to 70 % of what there is, all at 120 %.</summary>
    public double PressureAt(Resources used) => Math.Clamp((Busiest(used, Effective) - 0.7) / 0.5, 0, 1);

    /// <summary>The highest share of anything.</summary>
    public static double Busiest(Resources used, Resources capacity)
        => Math.Max(Math.Max(used.Cpu / capacity.Cpu, used.Memory / capacity.Memory), Math.Max(used.Disk / capacity.Disk, used.Network / capacity.Network));
}
