namespace ActorMigration.Actors.Trust;

/// <summary>The connection to the TPM is gone or answers nonsense: close it and open another.</summary>
public sealed class TpmUnavailableException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The TPM understood and refused; the connection goes on.</summary>
public sealed class TpmRefusedException(string message, Exception? inner = null) : Exception(message, inner);
