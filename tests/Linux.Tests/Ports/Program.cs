namespace ActorMigration.Linux.Tests.Ports;

/// <summary>This assembly as a program: one daemon's ports in a process of its own, which a test can kill. Without the argument it is a library of tests.</summary>
internal static class Program
{
    internal const string Command = "port-host";

    internal static async Task<int> Main(string[] args)
    {
        if (args is not [Command, var settings])
        {
            Console.Error.WriteLine("These are tests: run them with dotnet test.");
            return 2;
        }

        await PortServer.RunAsync(PortHostSettings.Parse(settings));
        return 0;
    }
}
