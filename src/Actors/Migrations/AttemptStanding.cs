using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>What <see cref="MigrationsActor"/> reads out of how an attempt stands on its host. Pure.</summary>
internal static class AttemptStanding
{
    /// <summary>True while the container stands for the attempt: from the agreed stop to the gate that opens, or to the thaw; at the source from the moment in which it may freeze any time.</summary>
    public static bool Stands(this AttemptDetails attempt, HostName self)
        => attempt.Phase is Phase.StopAndCopy or Phase.Resume
           || (attempt.Source == self && attempt.Step is nameof(SourceState.AgreeingStop) or nameof(SourceState.RecheckingDestination) or nameof(SourceState.Requoting) or nameof(SourceState.AwaitingConsent))
           || (attempt.Destination == self && attempt.Step == nameof(DestinationState.RecheckingSource));

    /// <summary>The end of a sentence that says that it has not ended.</summary>
    public static string WhereItIs(this AttemptDetails attempt, HostName self)
        => attempt.Step == nameof(DestinationState.Filling)
            ? $": the container runs on host {self}, and the rest of its memory is on its way"
            : $": it is in {attempt.Phase}, {attempt.Step}, from {attempt.Source} to {attempt.Destination}";
}
