using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>What a move costs before it is made: pre-copy as a geometric series. Pure.</summary>
public static class MovePrice
{
    /// <summary>What a stop takes with nothing left to copy, in seconds (docs/measurements.md).</summary>
    public const double FixedStopSeconds = 0.2;

    /// <summary>Attest, prepare, rounds, end, without what crosses, in seconds.</summary>
    public const double FixedSeconds = 3;

    /// <summary>Rounds after which pre-copy is given up, however much is left.</summary>
    private const int MostRounds = 30;

    /// <summary>A rest that crosses within this, in seconds, is good enough to stop for.</summary>
    private const double GoodStopSeconds = 0.1;

    /// <param name="container">What is to be moved.</param>
    /// <param name="streamBytesPerSecond">What a move carries.</param>
    public static MoveCost Of(ContainerLoad container, double streamBytesPerSecond)
    {
        var (rest, bytes) = (container.ResidentBytes, 0.0);
        for (var round = 0; round < MostRounds && rest > GoodStopSeconds * streamBytesPerSecond; round++)
        {
            bytes += rest;

            // What was written while the round crossed, and never more than all.
            var next = Math.Min(container.ResidentBytes, rest / streamBytesPerSecond * container.DirtyBytesPerSecond);
            if (next >= rest)
            {
                break;
            }

            rest = next;
        }

        bytes += rest;
        return new MoveCost(FixedStopSeconds + (rest / streamBytesPerSecond), bytes, FixedSeconds + (bytes / streamBytesPerSecond));
    }
}
