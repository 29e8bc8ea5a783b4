using System.Diagnostics;

namespace ActorMigration.Linux.Tests.Tracking;

/// <summary>The C programs of targets/, compiled once per run into a directory that the process's end removes.</summary>
internal static class TargetPrograms
{
    private static readonly Lazy<string> Compiled = new(Compile);

    /// <summary>Path of a compiled program. A compiler that is missing or complains fails the test with its words.</summary>
    internal static string Path(string name) => System.IO.Path.Combine(Compiled.Value, name);

    /// <summary>A directory on a real file system for what the targets write.</summary>
    internal static string WorkDirectory => Compiled.Value;

    /// <summary>Compiles one without any library, for a container that has none.</summary>
    internal static void CompileStatic(string name, string to)
        => Gcc(["-O1", "-pthread", "-static", "-o", to, System.IO.Path.Combine(AppContext.BaseDirectory, "targets", name + ".c")]);

    private static string Compile()
    {
        var directory = Directory.CreateTempSubdirectory("amig-targets-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(directory, recursive: true);
        var sources = System.IO.Path.Combine(AppContext.BaseDirectory, "targets");
        foreach (var source in Directory.EnumerateFiles(sources, "*.c"))
        {
            Gcc(["-O1", "-pthread", "-Wall", "-Wno-unused-value", "-Wno-unused-but-set-variable", "-o", System.IO.Path.Combine(directory, System.IO.Path.GetFileNameWithoutExtension(source)), source]);
        }

        Gcc(["-m32", "-nostdlib", "-static", "-x", "assembler", "-o", System.IO.Path.Combine(directory, "compat"), System.IO.Path.Combine(sources, "compat.S32")]);
        return directory;
    }

    private static void Gcc(string[] arguments)
    {
        using var gcc = Process.Start(new ProcessStartInfo("gcc", arguments) { RedirectStandardError = true })!;
        var words = gcc.StandardError.ReadToEnd();
        gcc.WaitForExit();
        Assert.True(gcc.ExitCode == 0, $"gcc {string.Join(' ', arguments)} says: {words}");
    }
}
