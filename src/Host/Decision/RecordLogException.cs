namespace ActorMigration.Host.Decision;

/// <summary>A log on this host's disk is damaged where no crash damages it. The daemon does not start on it: what is lost might be a promise.</summary>
public sealed class RecordLogException(string sentence, Exception? inner = null) : IOException(sentence, inner);
