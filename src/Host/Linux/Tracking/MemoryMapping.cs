namespace ActorMigration.Host.Linux.Tracking;

/// <summary>One line of /proc/PID/maps, without its path.</summary>
/// <param name="Start">First address.</param>
/// <param name="End">Address behind the last byte.</param>
/// <param name="Access">What may be done there, and whether writes are shared.</param>
/// <param name="HasFile">True when pages may come from a file: only written (COWed) pages are then the process's own.</param>
/// <param name="IsSpecial">A mapping of the kernel's (vdso, vvar, vsyscall, uprobes): never carried, every kernel brings its own.</param>
internal readonly record struct MemoryMapping(ulong Start, ulong End, MappingAccess Access, bool HasFile, bool IsSpecial)
{
    /// <summary>Private memory is the rounds' business; shared mappings travel in CRIU's images.</summary>
    internal bool IsWanted => !IsSpecial && (Access & MappingAccess.Shared) == 0;
}

/// <summary>The four letters of a maps line.</summary>
[Flags]
internal enum MappingAccess
{
    None = 0,
    Read = 1,
    Write = 2,
    Execute = 4,
    Shared = 8,
}
