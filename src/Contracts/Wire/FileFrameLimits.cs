namespace ActorMigration.Contracts;

/// <summary>What a reader of the file stream accepts at most. A peer that goes beyond is refused before anything is allocated or written.</summary>
public static class FileFrameLimits
{
    /// <summary>Content of one data frame: large enough that the header does not count, small enough to stay in a core's cache.</summary>
    public const int MaxDataBytes = 256 * 1024;

    /// <summary>PATH_MAX of Linux, without the final zero.</summary>
    public const int MaxPathBytes = 4095;

    /// <summary>NAME_MAX of Linux.</summary>
    public const int MaxNameBytes = 255;

    /// <summary>Directories above an entry. Real trees stay below 40; deeper ones only cost the receiver time.</summary>
    public const int MaxDepth = 256;

    /// <summary>Attributes of one entry; Linux keeps all of an ext4 inode's within a block or two.</summary>
    public const int MaxXattrs = 64;

    /// <summary>XATTR_SIZE_MAX of Linux.</summary>
    public const int MaxXattrValueBytes = 64 * 1024;

    /// <summary>All attributes of one entry together, and its path and link target: an entry is one frame.</summary>
    public const int MaxEntryBytes = MaxDataBytes;

    /// <summary>Any payload: a data frame's offset and its content are the longest.</summary>
    public const int MaxPayloadBytes = MaxDataBytes + 8;

    /// <summary>A file's size, 16 TiB: ext4's own limit with 4 KiB blocks.</summary>
    public const long MaxFileBytes = 16L << 40;

    /// <summary>Kind, three zero bytes, length.</summary>
    public const int HeaderBytes = 8;
}
