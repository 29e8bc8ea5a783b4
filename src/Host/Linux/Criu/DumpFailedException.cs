namespace ActorMigration.Host.Linux.Criu;

/// <summary>Why CRIU could not dump a container. Each names the thing in the words that its owner knows it by.</summary>
public enum DumpObstacle
{
    /// <summary>Something else; CRIU's own lines are in the message.</summary>
    Other,

    /// <summary>A connection that the program has not accepted yet. Gone a moment later: worth another try.</summary>
    InFlightConnection,

    /// <summary>An io_uring instance.</summary>
    IoUring,

    /// <summary>A connected unix socket whose peer is outside the container.</summary>
    ExternalUnixSocket,

    /// <summary>An inotify or fanotify watch on a file that cannot be named.</summary>
    FileWatch,

    /// <summary>A userfaultfd.</summary>
    Userfaultfd,

    /// <summary>A terminal whose other end is outside the container.</summary>
    ExternalTerminal,

    /// <summary>A task that a debugger holds.</summary>
    TracedTask,

    /// <summary>A file system mounted inside that CRIU does not carry, such as FUSE.</summary>
    Mount,

    /// <summary>A file lock that CRIU cannot carry.</summary>
    FileLock,

    /// <summary>A process that was put into the container from outside, in a session that is not the container's own.</summary>
    ForeignSession,

    /// <summary>A file, device or descriptor from outside the container.</summary>
    ExternalFile,

    /// <summary>A kind of socket that CRIU does not carry.</summary>
    Socket,
}

/// <summary>The container could not be dumped. Its tasks stand frozen as before, untouched: thawing continues them.</summary>
public sealed class DumpFailedException(DumpObstacle obstacle, string sentence) : IOException(sentence)
{
    public DumpObstacle Obstacle { get; } = obstacle;

    /// <summary>True when the same dump may succeed a few ms later.</summary>
    public bool Retryable => Obstacle == DumpObstacle.InFlightConnection;

    /// <summary>From the error lines of CRIU's log.</summary>
    public static DumpFailedException From(string container, IReadOnlyList<string> errors)
    {
        var (obstacle, what) = Classify(errors);
        return new DumpFailedException(
            obstacle, $"CRIU cannot dump {container}{(what.Length > 0 ? $", which has {what}; it goes on here, and can be moved when that is gone" : "; it goes on here")}. CRIU says: {CriuLog.Summary(errors)}");
    }

    internal static (DumpObstacle Obstacle, string What) Classify(IReadOnlyList<string> errors)
    {
        foreach (var (sign, obstacle, what) in Signs)
        {
            if (errors.Any(error => error.Contains(sign, StringComparison.OrdinalIgnoreCase)))
            {
                return (obstacle, what);
            }
        }

        return (DumpObstacle.Other, "");
    }

    /// <summary>Words of CRIU 4.2, seen in its logs; the first that fits is taken.</summary>
    private static readonly (string Sign, DumpObstacle Obstacle, string What)[] Signs =
    [
        ("In-flight connection", DumpObstacle.InFlightConnection, "a connection that the program has not accepted yet"),
        ("Can't dump half of stream unix connection", DumpObstacle.ExternalUnixSocket, "a unix socket connected to a process outside the container"),
        ("External socket is used", DumpObstacle.ExternalUnixSocket, "a unix socket of a process outside the container"),
        ("send_fds failed (-22)", DumpObstacle.IoUring, "an io_uring instance"),
        ("io_uring", DumpObstacle.IoUring, "an io_uring instance"),
        ("userfaultfd", DumpObstacle.Userfaultfd, "a userfaultfd"),
        ("fsnotify", DumpObstacle.FileWatch, "an inotify or fanotify watch on a file that cannot be named"),
        ("file locks are hold", DumpObstacle.FileLock, "a file lock"),
        ("file-lock", DumpObstacle.FileLock, "a file lock that CRIU cannot carry"),
        ("tty: Found slave peer", DumpObstacle.ExternalTerminal, "a terminal whose other end is outside the container"),
        ("tty:", DumpObstacle.ExternalTerminal, "a terminal whose other end is outside the container"),
        ("Unable to interrupt task", DumpObstacle.TracedTask, "a task that a debugger holds"),
        ("is not a session leader", DumpObstacle.ForeignSession, "a process of a session outside the container"),
        ("A session leader of", DumpObstacle.ForeignSession, "a process of a session outside the container"),
        ("fuse", DumpObstacle.Mount, "a FUSE mount"),
        ("mnt: Can't dump", DumpObstacle.Mount, "a mount that CRIU does not carry"),
        ("Can't lookup mount=", DumpObstacle.ExternalFile, "a file from outside the container"),
        ("Can't dump file", DumpObstacle.ExternalFile, "a descriptor that CRIU does not carry"),
        ("unsupported socket", DumpObstacle.Socket, "a socket of a kind that CRIU does not carry"),
        ("Unsupported proto", DumpObstacle.Socket, "a socket of a protocol that CRIU does not carry, such as MPTCP"),
        ("Unknown socket collected", DumpObstacle.Socket, "a socket of a family that CRIU does not carry, such as vsock"),
    ];
}
