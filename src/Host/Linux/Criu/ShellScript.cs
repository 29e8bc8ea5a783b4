namespace ActorMigration.Host.Linux.Criu;

/// <summary>Scripts that CRIU and runc call: plain sh, builtins only, written by us for one attempt.</summary>
internal static class ShellScript
{
    internal static void Write(string path, string text)
    {
        File.WriteAllText(path, text);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>A word that the shell takes as it is.</summary>
    internal static string Quote(string word) => $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
