namespace ActorMigration.Contracts;

/// <summary>
/// What a frame of the file stream says. A frame is u8 kind, three zero bytes, u32 length of the payload, payload; integers are
/// little-endian. The running SHA-256 of both sides covers every byte of every frame of one direction. A number is never given to another meaning.
/// </summary>
public enum FileFrameKind : byte
{
    /// <summary>A pass over a tree begins: u32 pass, u8 final (1 under freeze).</summary>
    PassBegin = 1,

    /// <summary>An entry is to look like this: <see cref="FileEntry"/>. Data and holes follow until <see cref="EntryEnd"/> when it carries content.</summary>
    Entry = 2,

    /// <summary>u64 offset, bytes: content of the entry under way.</summary>
    Data = 3,

    /// <summary>u64 offset, u64 length: this range of the entry under way reads as zeros and takes no room.</summary>
    Hole = 4,

    /// <summary>The entry under way is complete: its size, owner, mode, attributes and time are set now.</summary>
    EntryEnd = 5,

    /// <summary>u16 length, new path, u16 length, existing path: one more name of a file that is there.</summary>
    Link = 6,

    /// <summary>Path: what is there goes, with everything below it.</summary>
    Delete = 7,

    /// <summary>Of a final pass: every entry is in place. What follows only rewrites blocks inside existing files, so the tree may be mounted.</summary>
    Settled = 8,

    /// <summary>u32 pass, u64 entries, u64 data bytes of this pass, as a check on both sides' counting.</summary>
    PassEnd = 9,

    /// <summary>The other way: u32 pass, 32 bytes digest of all frames so far. The receiver's files of this pass are durable.</summary>
    Durable = 10,

    /// <summary>32 bytes SHA-256, u64 size: do you have this blob?</summary>
    BlobOffer = 11,

    /// <summary>The other way: u8, 1 = send it, 0 = it is here.</summary>
    BlobAnswer = 12,

    /// <summary>u64 size, name: a file of a flat directory follows as <see cref="Data"/> up to its size.</summary>
    NamedFile = 13,

    /// <summary>Nothing more comes; the sender waits for <see cref="Durable"/>.</summary>
    TransferEnd = 14,
}
