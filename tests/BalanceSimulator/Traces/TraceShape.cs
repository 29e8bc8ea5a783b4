namespace ActorMigration.BalanceSimulator;

/// <summary>What a trace is made from. The same shape gives the same trace.</summary>
/// <param name="Seed">Of all that is drawn.</param>
/// <param name="Hosts">How many hosts, from 2 on.</param>
/// <param name="Containers">How many containers at any time: one that ends is followed by another at once.</param>
/// <param name="Hours">How long, in simulated hours.</param>
internal sealed record TraceShape(ulong Seed, int Hosts, int Containers, double Hours)
{
    /// <summary>Simulated seconds from one round of a balancer to the next.</summary>
    public const double RoundSeconds = 30;

    public int Rounds => (int)(Hours * 3600 / RoundSeconds);
}
