namespace ActorMigration.Contracts;

/// <summary>Types of entries that a container's writable layer may hold. Device nodes are not among them, but for overlayfs' whiteout.</summary>
public enum FileEntryKind : byte
{
    Directory = 1,
    File = 2,
    Symlink = 3,
    Fifo = 4,

    /// <summary>The name of a Unix socket; what is bound to it is process state.</summary>
    Socket = 5,

    /// <summary>Character device 0:0: overlayfs' mark that the name is gone from the layers below.</summary>
    Whiteout = 6,
}

/// <summary>What an entry says about the content of a file.</summary>
public enum FileContent : byte
{
    /// <summary>Nothing: content stays as it is (or the entry has none). No <see cref="FileFrameKind.EntryEnd"/> follows.</summary>
    Unchanged = 0,

    /// <summary>A new file: what is at the path goes first. Ranges without data are holes.</summary>
    Whole = 1,

    /// <summary>The same file: only the ranges that follow change.</summary>
    Ranges = 2,
}
