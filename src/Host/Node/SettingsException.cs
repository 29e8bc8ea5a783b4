namespace ActorMigration.Host.Node;

/// <summary>The daemon cannot start with this configuration. <see cref="Exception.Message"/> is the one sentence that names file and key.</summary>
public sealed class SettingsException(string sentence, Exception? inner = null) : Exception(sentence, inner);
