namespace ActorMigration.Contracts;

/// <summary>The bytes of a file stream are not what the layout allows: cut, over a limit, or out of order. The stream is of no further use.</summary>
public sealed class FileFrameException(string sentence) : IOException(sentence);
