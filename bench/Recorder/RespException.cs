namespace ActorMigration.Recorder;

/// <summary>The server answered, but not what the command must be answered with.</summary>
public sealed class RespException(string message) : Exception(message);
