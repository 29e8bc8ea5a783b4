using ActorMigration.Contracts;
using ActorMigration.Simulator;

namespace ActorMigration.BalanceSimulator;

/// <summary>
/// A container of a trace, and those that follow it when it ends: what it really uses, and what a host's load monitor says of that, both in the units of <see cref="Resources"/>. Advanced by <see cref="Trace"/>, once a round.
/// </summary>
internal sealed class TracedContainer
{
    private const double DaySeconds = 24 * 3600;

    /// <summary>Most of a day's swing, as share of the mean.</summary>
    private const double MostSwing = 0.8;

    /// <summary>Time zones that containers work for.</summary>
    private const int Zones = 3;

    /// <summary>Seconds from one burst of a container to its next, and of a burst, on average.</summary>
    private const double BurstEverySeconds = 6 * 3600;
    private const double BurstSeconds = 10 * 60;

    /// <summary>What a burst multiplies CPU, disk and network by, at least and at most.</summary>
    private const double LeastBurst = 1.5;
    private const double MostBurst = 4;

    /// <summary>Seconds that a job, and that a service is there, on average; the share that are jobs.</summary>
    private const double JobSeconds = 1.5 * 3600;
    private const double ServiceSeconds = 72 * 3600;
    private const double Jobs = 0.3;

    /// <summary>Standard deviation of one sample of CPU, disk and network, as share of the true value. Memory is known exactly.</summary>
    private const double SampleNoise = 0.15;

    /// <summary>Weight of a new sample after a round of 30 s in an average over 60 s: 1 - exp(-30/60).</summary>
    private const double SampleWeight = 0.39346934028736658;

    /// <summary>Memory written in a second as share of what is resident: most containers, some, few; and how many are some and few.</summary>
    private const double CalmDirt = 0.002;
    private const double BusyDirt = 0.02;
    private const double WildDirt = 0.15;
    private const double BusyShare = 0.2;
    private const double WildShare = 0.05;

    /// <summary>Bytes per second that a container writes at most.</summary>
    private const double MostDirt = 1e9;

    private const double PinnedShare = 0.03;

    /// <summary>Containers of one service whose copies are to be on different hosts, and how many services there are to each of these.</summary>
    private const int ApartSize = 3;
    private const int OneApartIn = 20;

    private readonly int _slot;
    private readonly Chance _chance;
    private readonly double _most;
    private int _generation = -1;
    private ContainerName _name;
    private ContainerPlacement _placement = ContainerPlacement.Anywhere;
    private double _phase;
    private double _swing;
    private double _burst;
    private double _lifeSeconds;
    private double _dirt;
    private double _smoothed;

    /// <param name="slot">Its number.</param>
    /// <param name="chance">Its own.</param>
    /// <param name="most">The largest size, in sizes of the smallest container.</param>
    public TracedContainer(int slot, Chance chance, double most)
    {
        (_slot, _chance, _most) = (slot, chance, most);
        Draw();
    }

    /// <summary>Mean use, relative to that of other containers; <see cref="Trace"/> makes amounts of it.</summary>
    public Resources Size { get; private set; }

    /// <summary>Amounts per size.</summary>
    public Resources Scale { get; set; }

    /// <summary>What it uses.</summary>
    public Resources Used { get; private set; }

    /// <summary>What the planner is told: an average over 60 s of samples with noise.</summary>
    public ContainerLoad Told { get; private set; } = null!;

    /// <summary>Where this one has begun, the number of a host.</summary>
    public int Born { get; set; }

    /// <summary>True when the one before has ended in this round.</summary>
    public bool IsNew { get; private set; }

    /// <summary>Half of the containers work for the time zone of the host that they begin on: services are set up together.</summary>
    public void Settle(int host)
    {
        Born = host;
        var zone = _chance.Once(2) ? host % Zones : _chance.Next(Zones);
        _phase = ((double)zone / Zones) + (_chance.Bell() / DaySeconds * 3600);
    }

    public void Advance()
    {
        if (IsNew = _chance.Within(_lifeSeconds))
        {
            Draw();
        }

        _burst = _burst > 1 ? (_chance.Within(BurstSeconds) ? 1 : _burst) : (_chance.Within(BurstEverySeconds) ? LeastBurst + ((MostBurst - LeastBurst) * _chance.Share()) : 1);
    }

    /// <summary>After <see cref="Advance"/>, and after a new one has been told where it begins.</summary>
    /// <param name="seconds">Of the day.</param>
    public void Use(double seconds)
    {
        var day = 1 + (_swing * Draws.Wave((seconds / DaySeconds) + _phase));
        var activity = day * _burst;
        var memory = Size.Memory * Scale.Memory * (0.9 + (0.1 * day));
        Used = new Resources(Size.Cpu * Scale.Cpu * activity, memory, Size.Disk * Scale.Disk * activity, Size.Network * Scale.Network * activity);

        var sample = activity * Math.Max(0, 1 + (SampleNoise * _chance.Bell()));
        _smoothed = _smoothed < 0 ? sample : _smoothed + (SampleWeight * (sample - _smoothed));
        var told = new Resources(Size.Cpu * Scale.Cpu * _smoothed, memory, Size.Disk * Scale.Disk * _smoothed, Size.Network * Scale.Network * _smoothed);
        Told = new ContainerLoad(_name, new Fence(1, 0), told, memory, Math.Min(MostDirt, memory * _dirt * _smoothed), _placement);
    }

    private void Draw()
    {
        _generation++;
        _name = new ContainerName($"c{_slot}-{_generation}");
        Size = new Resources(_chance.HeavyTailed(_most), _chance.HeavyTailed(_most), _chance.HeavyTailed(_most), _chance.HeavyTailed(_most));
        _swing = MostSwing * _chance.Share();
        _burst = 1;
        _smoothed = -1;
        _lifeSeconds = _chance.Share() < Jobs ? JobSeconds : ServiceSeconds;
        var dirt = _chance.Share();
        _dirt = dirt < WildShare ? WildDirt : dirt < WildShare + BusyShare ? BusyDirt : CalmDirt;
        _placement = _chance.Share() < PinnedShare ? ContainerPlacement.Anywhere with { Pinned = true }
            : _slot / ApartSize % OneApartIn == 0 ? ContainerPlacement.Anywhere with { ApartFrom = $"a{_slot / ApartSize}" }
            : ContainerPlacement.Anywhere;
    }
}
