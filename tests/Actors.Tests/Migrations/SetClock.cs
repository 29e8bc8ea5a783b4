namespace ActorMigration.Actors.Tests.Migrations;

/// <summary>A clock that somebody sets while time goes on as ever.</summary>
internal sealed class SetClock : TimeProvider
{
    /// <summary>How far it was set.</summary>
    public TimeSpan SetBy { get; set; }

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + SetBy;
}
