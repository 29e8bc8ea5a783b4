using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>A host while <see cref="BalancePlanner"/> or <see cref="Evacuation"/> makes a plan: what is used there with the moves made that are under way or planned already. Amounts in the units of <see cref="Resources"/>.</summary>
internal sealed class BalanceSite
{
    private readonly HashSet<ContainerName> _moved = [];
    private readonly Func<ContainerLoad, MoveCost> _price;
    private readonly Func<ContainerName, bool> _isCooling;
    private List<(ContainerLoad, MoveCost)>? _candidates;

    /// <param name="load">As it was told.</param>
    /// <param name="price">What a container's move costs.</param>
    /// <param name="isCooling">True while a container is to be left alone.</param>
    public BalanceSite(HostLoad load, Func<ContainerLoad, MoveCost> price, Func<ContainerName, bool> isCooling)
    {
        (Load, _price, _isCooling) = (load, price, isCooling);
        ContainerLoad[] containers = [.. load.Containers];
        Array.Sort(Array.ConvertAll(containers, c => c.Name.Value), containers, StringComparer.Ordinal);
        Containers = [.. containers];
        Used = load.Own;
        foreach (var container in containers)
        {
            Used += container.Used;
        }
    }

    public HostLoad Load { get; }

    /// <summary>In the order of their names, so that sums and choices do not depend on how they were told; those that came in this plan last.</summary>
    public List<ContainerLoad> Containers { get; }

    public Resources Used { get; private set; }

    /// <summary>Moves to here and from here, under way and planned.</summary>
    public int In { get; private set; }

    public int Out { get; private set; }

    public (Resources Capacity, Resources Used) Amounts => (Load.Capacity, Used);

    /// <summary>Utilisation of each kind.</summary>
    public Resources Shares => new(Used.Cpu / Load.Capacity.Cpu, Used.Memory / Load.Capacity.Memory, Used.Disk / Load.Capacity.Disk, Used.Network / Load.Capacity.Network);

    /// <summary>0 to 1; averages of the kernel may round to a hair above.</summary>
    public double Pressure => Math.Min(1, Load.Pressure);

    /// <summary>The highest share of anything, and what waits for it.</summary>
    public double Busyness => BusynessWith(default);

    /// <summary>The same, if so much more were used here.</summary>
    public double BusynessWith(Resources more)
    {
        var (sum, capacity) = (Used + more, Load.Capacity);
        return Math.Max(Math.Max(sum.Cpu / capacity.Cpu, sum.Memory / capacity.Memory), Math.Max(sum.Disk / capacity.Disk, sum.Network / capacity.Network)) + Pressure;
    }

    /// <summary>Containers that may leave, whoever takes them, and what that costs. What came here in this plan stays; containers that belong together are not torn apart: they are moved by the operator only.</summary>
    public List<(ContainerLoad Container, MoveCost Cost)> Candidates => _candidates ??= [.. Containers
        .Where(c => !c.Placement.Pinned && !_moved.Contains(c.Name) && IsAlone(c.Placement.TogetherWith) && !_isCooling(c.Name))
        .Select(c => (c, _price(c)))];

    /// <summary>Counts a move under way as made, wherever its container was told to be. A host that has not told its load is null.</summary>
    public static void Carry(ContainerName name, BalanceSite? from, BalanceSite? to)
    {
        var here = from?.Containers.Find(c => c.Name == name);
        var there = to?.Containers.Find(c => c.Name == name);
        if (from is not null)
        {
            from.Out++;
            from.Drop(here);
        }

        if (to is not null)
        {
            to.In++;
            to.Drop(there);
            to.Add(here ?? there);
            to._moved.Add(name);
        }
    }

    public void Lose(ContainerLoad container)
    {
        Drop(container);
        Out++;
    }

    public void Gain(ContainerLoad container)
    {
        Add(container);
        _moved.Add(container.Name);
        In++;
    }

    /// <summary>True when a container has room here with so much of everything left free, and may be here.</summary>
    /// <param name="container">What would come.</param>
    /// <param name="reserve">Share, 0 to 1.</param>
    public bool Takes(ContainerLoad container, double reserve)
    {
        var (sum, capacity, share) = (Used + container.Used, Load.Capacity, 1 - reserve);
        return sum.Cpu <= capacity.Cpu * share && sum.Memory <= capacity.Memory * share && sum.Disk <= capacity.Disk * share && sum.Network <= capacity.Network * share
            && HasLabelsOf(container) && !HasToBeApartFrom(container);
    }

    public bool HasLabelsOf(ContainerLoad container) => Array.TrueForAll(container.Placement.Labels, label => Load.Labels.Contains(label));

    /// <summary>True when something is here that the container may not be on one host with.</summary>
    public bool HasToBeApartFrom(ContainerLoad container)
        => container.Placement.ApartFrom is { Length: > 0 } group && Containers.Exists(c => c.Name != container.Name && c.Placement.ApartFrom == group);

    private bool IsAlone(string togetherWith) => togetherWith.Length == 0 || Containers.Count(c => c.Placement.TogetherWith == togetherWith) == 1;

    private void Drop(ContainerLoad? container)
    {
        if (container is not null && Containers.Remove(container))
        {
            Used -= container.Used;
            _candidates = null;
        }
    }

    private void Add(ContainerLoad? container)
    {
        if (container is not null)
        {
            Containers.Add(container);
            Used += container.Used;
            _candidates = null;
        }
    }
}
