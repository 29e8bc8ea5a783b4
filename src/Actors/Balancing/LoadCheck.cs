using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>Whether what a host tells can be planned with: a number that is none, or a part that is missing, would spoil the plan for all. Records off the wire may hold nulls whatever their types say. Pure.</summary>
public static class LoadCheck
{
    /// <summary>Null when it can.</summary>
    public static string? WhyNot(HostLoad load)
    {
        if (load is not { Labels: not null, Containers: not null } || Array.Exists(load.Labels, l => l is null) || Array.Exists(load.Containers, c => c is not { Placement: not null, Obstacle: { Length: <= ContainerLoad.MostObstacle } }))
        {
            return $"host {load?.Host} tells a load with a part missing";
        }

        return load.Standing is not (HostStanding.Accepts or HostStanding.Draining) ? $"host {load.Host} tells that it stands at {load.Standing}, which is for others to say"
            : WhyNoAmounts(load)
            ?? (load.Containers.FirstOrDefault(c => c.Placement.WhyNot() is not null) is { } misplaced ? $"host {load.Host} tells of container {misplaced.Name} what cannot be: {misplaced.Placement.WhyNot()}"
            : load.Containers.GroupBy(c => c.Name).FirstOrDefault(g => g.Count() > 1) is { } twice ? $"host {load.Host} tells of container {twice.Key} twice"
            : null);
    }

    /// <summary>Numbers only, for whoever knows that nothing else is wrong; null when all can be reckoned with.</summary>
    public static string? WhyNoAmounts(HostLoad load)
    {
        for (var kind = 0; kind < Resources.Kinds; kind++)
        {
            if (!(load.Capacity[kind] > 0) || !IsAmount(load.Capacity[kind]))
            {
                return $"host {load.Host} tells no capacity of kind {kind}";
            }
        }

        return !AreAmounts(load.Own) || !IsAmount(load.Pressure) ? $"host {load.Host} tells a load of its own that is no amount"
            : Array.Find(load.Containers, c => !AreAmounts(c.Used) || !IsAmount(c.ResidentBytes) || !IsAmount(c.DirtyBytesPerSecond)) is { } wrong ? $"host {load.Host} tells a load of container {wrong.Name} that is no amount"
            : null;
    }

    private static bool AreAmounts(Resources amounts) => amounts.IsAmount && Math.Max(Math.Max(amounts.Cpu, amounts.Memory), Math.Max(amounts.Disk, amounts.Network)) <= CounterRates.Highest;

    /// <summary>Larger ones are no measurement, and their sums would overflow.</summary>
    private static bool IsAmount(double number) => number is >= 0 and <= CounterRates.Highest;
}
