namespace ActorMigration.Host.Linux.Files;

/// <summary>
/// Which extended attributes travel with an entry. Those of the container do, and overlayfs' mark of an opaque directory. Those
/// that name inodes or labels of one host stay: they would be wrong on another.
/// </summary>
internal static class LayerXattrs
{
    internal enum Rule
    {
        Carry,
        StayBehind,
        Refuse,
    }

    internal static Rule RuleOf(ReadOnlySpan<byte> name)
    {
        if (name.StartsWith("user."u8) || name.StartsWith("system.posix_acl_"u8)
            || name.SequenceEqual("security.capability"u8) || name.SequenceEqual("trusted.overlay.opaque"u8))
        {
            return Rule.Carry;
        }
        // File handles and counters of this host's layers (origin, nlink, impure, upper, uuid), and labels of its own policy.
        if (name.SequenceEqual("trusted.overlay.origin"u8) || name.SequenceEqual("trusted.overlay.nlink"u8)
            || name.SequenceEqual("trusted.overlay.impure"u8) || name.SequenceEqual("trusted.overlay.upper"u8)
            || name.SequenceEqual("trusted.overlay.uuid"u8) || name.SequenceEqual("security.selinux"u8))
        {
            return Rule.StayBehind;
        }
        // trusted.overlay.redirect and .metacopy would make the tree's meaning depend on mount options; others we do not know.
        return Rule.Refuse;
    }
}
