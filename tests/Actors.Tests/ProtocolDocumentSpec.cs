using System.Runtime.CompilerServices;
using ActorMigration.Contracts;

namespace ActorMigration.Actors.Tests;

/// <summary>docs/protocol.md names every message; a message that is added or renamed without it fails here.</summary>
public sealed class ProtocolDocumentSpec
{
    [Fact]
    public void Every_message_between_the_hosts_and_every_command_is_in_the_tables()
    {
        var document = File.ReadAllText(Path.Combine(RepositoryRoot(), "docs", "protocol.md"));

        var messages = typeof(IWire).Assembly.GetTypes()
            .Where(t => t is { IsAbstract: false, IsClass: true, Namespace: "ActorMigration.Contracts" } && typeof(IWire).IsAssignableFrom(t))
            .Select(t => t.Name).ToArray();

        Assert.NotEmpty(messages);
        Assert.All(messages, name => Assert.Contains($"`{name}`", document, StringComparison.Ordinal));
    }

    private static string RepositoryRoot([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", ".."));
}
