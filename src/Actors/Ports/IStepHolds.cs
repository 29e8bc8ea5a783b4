using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>
/// For tests: stops an attempt of this host at a named step, between deciding what is to be done there and doing it, so that a test can do to it what it likes at exactly that
/// point. A step is named <c>Source.STATE</c> or <c>Destination.STATE</c>. In production nothing is ever held.
/// </summary>
public interface IStepHolds
{
    /// <summary>How often a held attempt looks whether it may go on; null when steps cannot be held.</summary>
    TimeSpan? LookEvery { get; }

    /// <summary>True while attempts that come to this step must wait there.</summary>
    bool IsHeld(string step);

    /// <summary>An attempt waits at a step now.</summary>
    void Reached(string step, AttemptId attempt);

    /// <summary>It goes on.</summary>
    void Left(string step);
}

/// <summary>Holds nothing.</summary>
public sealed class NoHolds : IStepHolds
{
    public TimeSpan? LookEvery => null;

    public bool IsHeld(string step) => false;

    public void Reached(string step, AttemptId attempt)
    {
    }

    public void Left(string step)
    {
    }
}
