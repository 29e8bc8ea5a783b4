namespace ActorMigration.Contracts.Memory;

/// <summary>Bytes or values that no source writes as a <see cref="FinalIndex"/>. The receiver aborts the attempt.</summary>
public sealed class FinalIndexFormatException(string message) : FormatException($"final index: {message}");
