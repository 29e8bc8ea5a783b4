using System.Text.Json;
using ActorMigration.Contracts;

namespace ActorMigration.Linux.Tests.Ports;

/// <summary>A call of a port, one line of JSON on the host's standard input. Without a method it cancels the call of that number.</summary>
/// <param name="Id">Number of the call.</param>
/// <param name="Target">Object that is called.</param>
/// <param name="Method">Of its interface.</param>
/// <param name="Arguments">One for each parameter; null where the host makes its own (tokens, credits, callbacks).</param>
internal sealed record PortCall(int Id, int Target, string? Method, JsonElement[] Arguments);

/// <summary>How it ended, one line of JSON on standard output.</summary>
/// <param name="Id">Number of the call.</param>
/// <param name="Result">What came back; the number of an object where that is a port.</param>
/// <param name="Failure">Of an attempt exception; null for another one.</param>
/// <param name="Sentence">Message of what was thrown; null when nothing was.</param>
/// <param name="Retryable">Of an attempt exception.</param>
internal sealed record PortReply(int Id, JsonElement? Result, MigrationFailure? Failure, string? Sentence, bool Retryable);
