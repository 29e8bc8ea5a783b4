namespace ActorMigration.Contracts.Wire;

/// <summary>
/// Bytes of the page stream break its rules. The attempt ends: after one such frame nothing of this stream can be believed.
/// </summary>
public sealed class PageFrameException(string what)
    : Exception($"page stream: {what}; the attempt must end, its pages cannot be trusted");
