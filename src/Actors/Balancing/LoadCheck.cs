using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>Whether what a host tells can be planned with: a number that is none would spoil the plan for all. Pure.</summary>
public static class LoadCheck
{
    /// <summary>Null when it can.</summary>
    public static string? WhyNot(HostLoad load)
    {
        for (var kind = 0; kind < Resources.Kinds; kind++)
        {
            if (!(load.Capacity[kind] > 0) || !double.IsFinite(load.Capacity[kind]))
            {
                return $"host {load.Host} tells no capacity of kind {kind}";
            }
        }

        return !load.Own.IsAmount || !IsAmount(load.Pressure) ? $"host {load.Host} tells a load of its own that is no amount"
            : load.Containers.FirstOrDefault(c => !c.Used.IsAmount || !IsAmount(c.ResidentBytes) || !IsAmount(c.DirtyBytesPerSecond)) is { } wrong ? $"host {load.Host} tells a load of container {wrong.Name} that is no amount"
            : load.Containers.GroupBy(c => c.Name).FirstOrDefault(g => g.Count() > 1) is { } twice ? $"host {load.Host} tells of container {twice.Key} twice"
            : null;
    }

    private static bool IsAmount(double number) => double.IsFinite(number) && number >= 0;
}
