using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>What an order to drain makes of why a host is drained: a shutdown neither weakens the operator's word nor takes it back. Pure.</summary>
internal static class DrainOrder
{
    public static DrainCause After(DrainCause before, DrainHost order) => order switch
    {
        { Drain: true, ForShutdown: true } => before == DrainCause.Operator ? before : DrainCause.Shutdown,
        { Drain: true } => DrainCause.Operator,
        { ForShutdown: true } when before == DrainCause.Operator => before,
        _ => DrainCause.None,
    };
}
