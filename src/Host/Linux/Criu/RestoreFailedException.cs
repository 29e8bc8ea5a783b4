namespace ActorMigration.Host.Linux.Criu;

/// <summary>
/// A restore did not get to its gate, or the gated tree is not whole. The sentence has the reasons of runc and CRIU. Whoever gets it calls <see cref="GatedRestore.KillAsync"/>:
/// until then parts of the tree may still stand there, none of which has executed an instruction.
/// </summary>
public sealed class RestoreFailedException(string sentence, Exception? inner = null) : IOException(sentence, inner);
