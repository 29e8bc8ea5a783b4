using System.Text.Json;

namespace ActorMigration.Linux.Tests.Ports;

/// <summary>What a port host is told at its start, as one argument: where things lie, and what it is on the segment.</summary>
internal sealed record PortHostSettings(string Name, string StateDirectory, string RunDirectory, string Address, string CgroupParent)
{
    internal string ToArgument() => JsonSerializer.Serialize(this);

    internal static PortHostSettings Parse(string argument) => JsonSerializer.Deserialize<PortHostSettings>(argument)!;
}
