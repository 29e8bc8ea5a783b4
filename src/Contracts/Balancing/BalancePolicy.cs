namespace ActorMigration.Contracts;

/// <summary>When and how much the cluster moves by itself.</summary>
/// <param name="Threshold">Imbalance (standard deviation of utilisation, 0 to 1 and more) from which on anything is moved.</param>
/// <param name="Goal">Share of the threshold, 0 to 1: what was begun above the threshold goes on down to here, so that the noise of the loads does not cross it again at once.</param>
/// <param name="Margin">Share, 0 to 1, by which each move has to reduce the imbalance that it finds.</param>
/// <param name="HoldRounds">Looks in a row that have to find the imbalance above the threshold before anything is moved for it.</param>
/// <param name="Reserve">Share of each resource, 0 to 1, that stays free on a host that something is moved to.</param>
/// <param name="MaxMoves">Moves at once in the cluster.</param>
/// <param name="MaxIn">At once to one host.</param>
/// <param name="MaxOut">At once from one host.</param>
/// <param name="Cooldown">A container that was moved, or could not be, is left alone for so long; doubled by each that follows.</param>
/// <param name="LongestCooldown">But never for longer; after so long without a move it counts anew.</param>
/// <param name="StreamBytesPerSecond">What a move carries, for the prediction of its cost.</param>
/// <param name="WorthSeconds">Seconds of a container's stop that an imbalance of 1 less is worth.</param>
public sealed record BalancePolicy(
    double Threshold, double Goal, double Margin, int HoldRounds, double Reserve, int MaxMoves, int MaxIn, int MaxOut, TimeSpan Cooldown, TimeSpan LongestCooldown, double StreamBytesPerSecond, double WorthSeconds)
{
    public static BalancePolicy Default { get; } = new(
        Threshold: 0.12, Goal: 0.75, Margin: 0.03, HoldRounds: 3, Reserve: 0.1, MaxMoves: 4, MaxIn: 1, MaxOut: 2, TimeSpan.FromMinutes(10), TimeSpan.FromHours(24), StreamBytesPerSecond: 100e6, WorthSeconds: 300);
}
