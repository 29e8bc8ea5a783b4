namespace ActorMigration.Contracts;

/// <summary>
/// One entry of a tree as it is to be. Written by the source's layer sync, applied by the destination's receiver.
/// Layout: u8 kind, u8 content, u16 mode, u32 uid, u32 gid, i64 seconds, u32 nanoseconds, u64 size, u16 length and path, u16 length and target,
/// u16 count and for each attribute u8 length and name, u32 length and value.
/// </summary>
/// <param name="Path">Below the root; empty for the root itself, which is a directory.</param>
/// <param name="Kind">What it is; another kind at the path goes first.</param>
/// <param name="Content">Whether content follows.</param>
/// <param name="Mode">Permission, set-id and sticky bits (07777).</param>
/// <param name="Uid">Owner.</param>
/// <param name="Gid">Group.</param>
/// <param name="Seconds">Modification time, seconds since 1970.</param>
/// <param name="Nanoseconds">Modification time, the rest.</param>
/// <param name="Size">Bytes of a file.</param>
/// <param name="Target">What a symbolic link holds; never resolved by a receiver.</param>
/// <param name="Xattrs">All extended attributes; one that is not here goes.</param>
public sealed record FileEntry(
    byte[] Path,
    FileEntryKind Kind,
    FileContent Content,
    ushort Mode,
    uint Uid,
    uint Gid,
    long Seconds,
    uint Nanoseconds,
    long Size,
    byte[] Target,
    FileXattr[] Xattrs)
{
    /// <summary>Permission, set-id and sticky bits.</summary>
    public const ushort ModeMask = 0xFFF;
}

/// <summary>One extended attribute.</summary>
/// <param name="Name">With its namespace, for example user.checksum.</param>
/// <param name="Value">As the kernel gives it.</param>
public sealed record FileXattr(byte[] Name, byte[] Value);
