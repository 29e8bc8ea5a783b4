using ActorMigration.Host.Linux.Containers;

namespace ActorMigration.Host.Linux.Criu;

/// <summary>
/// The action script of a restore: the gate itself. A plain sh script with builtins only, so that nothing it needs can be missing, and it does not depend on
/// the daemon's life: it waits until it reads exactly DEST or SOURCE, and ends on no signal that can be ignored and on no timeout.
///
/// Two locks hold the tree. At <c>pre-resume</c> every task is in a tracing stop of CRIU; but if CRIU or this script were killed there, the kernel would let
/// the tasks run (and CRIU takes any end of the script as a yes). So the script also freezes the container's cgroup before it reports. CRIU must not stand in that
/// cgroup then: runc starts it there, so the script moves it out while the restore is still under way (setup-namespaces), beside
/// the other work.
///
/// On SOURCE it kills every task and CRIU itself: with its victims gone CRIU 4.2 waits for a dead init whose children only CRIU could reap, for ever.
/// </summary>
internal static class GateScript
{
    internal const string FileName = "gate.sh";

    /// <summary>Pipe by which the script says that it has got to the gate.</summary>
    internal const string ReportPipe = "report";

    /// <summary>Pipe by which it is told the verdict.</summary>
    internal const string VerdictPipe = "verdict";

    /// <summary>File that says the same as the report, for a daemon that comes later: pids of first process, script and CRIU.</summary>
    internal const string ReachedFile = "reached";

    /// <summary>File that is there from before DEST is told: the tree may have run since.</summary>
    internal const string ToldFile = "told";

    internal const string Destination = "DEST";
    internal const string Source = "SOURCE";

    /// <summary>The script for one attempt.</summary>
    /// <param name="directory">Of the attempt; where its files are.</param>
    /// <param name="container">Cgroup of the restored container.</param>
    /// <param name="refuge">Directory of a cgroup, in the freezer's hierarchy, that nobody freezes.</param>
    internal static string For(string directory, ContainerCgroup container, string refuge)
    {
        var procs = ShellScript.Quote(refuge + "/cgroup.procs");
        var state = ShellScript.Quote(container.StateFile);
        return $$"""
            #!/bin/sh
            trap '' HUP INT QUIT TERM PIPE USR1 USR2 ALRM
            cd {{ShellScript.Quote(directory)}} || exit 1
            case "$CRTOOLS_SCRIPT_ACTION" in
            setup-namespaces)
                ( echo "$PPID" > {{procs}} ) > refuge.log 2>&1 &
                exit 0 ;;
            pre-resume) ;;
            *) exit 0 ;;
            esac
            echo "$PPID" > {{procs}} && echo "$$" > {{procs}} && echo {{container.FrozenWord}} > {{state}} || lock=failed
            line="$CRTOOLS_INIT_PID $$ $PPID ${lock:-locked}"
            echo "$line" > {{ReachedFile}}
            echo "$line" 1<> {{ReportPipe}}
            while :; do
                verdict=
                read -r verdict < {{VerdictPipe}}
                case "$verdict" in
                {{Destination}})
                    echo {{container.ThawedWord}} > {{state}}
                    exit 0 ;;
                {{Source}})
                    while read -r pid; do
                        [ "$pid" = "$$" ] || [ "$pid" = "$PPID" ] || kill -KILL "$pid"
                    done < {{ShellScript.Quote(container.Directory + "/cgroup.procs")}}
                    echo {{container.ThawedWord}} > {{state}}
                    kill -KILL "$PPID"
                    exit 1 ;;
                esac
            done

            """;
    }
}
