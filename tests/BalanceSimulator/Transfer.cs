using ActorMigration.Contracts;

namespace ActorMigration.BalanceSimulator;

/// <summary>A move under way.</summary>
/// <param name="Container">Number of the container.</param>
/// <param name="Name">Its name: one that follows it has another.</param>
/// <param name="From">Number of the host it leaves.</param>
/// <param name="To">Number of the host it goes to.</param>
/// <param name="BeganAtSeconds">When it was ordered, in seconds since the start of the trace.</param>
/// <param name="EndsAtSeconds">When it ends, in seconds since the start of the trace.</param>
/// <param name="WillFail">It does not succeed.</param>
/// <param name="Cost">As predicted.</param>
internal sealed record Transfer(int Container, ContainerName Name, int From, int To, double BeganAtSeconds, double EndsAtSeconds, bool WillFail, MoveCost Cost);

/// <summary>A move that has ended.</summary>
/// <param name="Transfer">Which.</param>
/// <param name="Succeeded">The container is on the other host now; otherwise where it was.</param>
internal sealed record Ended(Transfer Transfer, bool Succeeded);
