using ActorMigration.Contracts;

namespace ActorMigration.Nodes;

/// <summary>A container that uses the same all the time.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Fence">Changed by each move, as that of a real one.</param>
/// <param name="Used">What it uses.</param>
internal sealed record SimulatedContainer(ContainerName Name, Fence Fence, Resources Used)
{
    /// <summary>Share of its memory that it writes in a second, as three in four do in the traces of tests/BalanceSimulator.</summary>
    private const double WrittenShare = 0.002;

    /// <summary>Bytes per second.</summary>
    public double Written => Used.Memory * WrittenShare;

    public ContainerLoad Load => new(Name, Fence, Used, Used.Memory, Written, ContainerPlacement.Anywhere);
}
