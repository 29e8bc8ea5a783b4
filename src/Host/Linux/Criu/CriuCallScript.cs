namespace ActorMigration.Host.Linux.Criu;

/// <summary>
/// What runc calls as its criu in a prepared restore. runc asks CRIU for its version first, and binds the root and makes the cgroups before it calls CRIU to
/// restore: that call waits here for the word GO. End of file, or another word, ends it, and runc cleans up.
/// </summary>
internal static class CriuCallScript
{
    internal const string FileName = "criu.sh";

    /// <summary>Pipe by which the script is told to go on.</summary>
    internal const string GoPipe = "go";

    internal const string GoWord = "GO";

    /// <summary>File that says so to later calls, should runc make any.</summary>
    internal const string GoFile = "going";

    /// <summary>What the script writes into the report pipe when it waits.</summary>
    internal const string Called = "called";

    /// <summary>The script of one attempt. The working directory stays runc's.</summary>
    /// <param name="directory">Of the attempt.</param>
    /// <param name="criu">The program.</param>
    /// <param name="boundRoot">Directory that runc makes just before the call.</param>
    internal static string For(string directory, string criu, string boundRoot) => $$"""
        #!/bin/sh
        if [ -d {{ShellScript.Quote(boundRoot)}} ] && [ ! -e {{ShellScript.Quote(Path.Combine(directory, GoFile))}} ]; then
            echo {{Called}} 1<> {{ShellScript.Quote(Path.Combine(directory, GateScript.ReportPipe))}}
            word=
            read -r word < {{ShellScript.Quote(Path.Combine(directory, GoPipe))}}
            [ "$word" = {{GoWord}} ] || exit 1
        fi
        exec {{ShellScript.Quote(criu)}} "$@"

        """;
}
