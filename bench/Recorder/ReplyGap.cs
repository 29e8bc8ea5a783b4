namespace ActorMigration.Recorder;

/// <summary>A pause between two replies.</summary>
/// <param name="SinceUnixMs">When the reply before it came, ms since 1970.</param>
/// <param name="Ms">How long nothing came, ms.</param>
/// <param name="NextValue">The number that ended it.</param>
public sealed record ReplyGap(double SinceUnixMs, double Ms, long NextValue);
