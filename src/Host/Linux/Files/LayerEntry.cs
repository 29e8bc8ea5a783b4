using ActorMigration.Contracts;
using Microsoft.Win32.SafeHandles;

namespace ActorMigration.Host.Linux.Files;

/// <summary>Reads one entry of the source's tree into its wire form.</summary>
internal static class LayerEntry
{
    /// <summary>
    /// Null when the name does not lead to the inode of <paramref name="stat"/> any more. Throws <see cref="LayerFailure.CannotCarry"/> for what has no wire
    /// form, such as a device node.
    /// </summary>
    internal static FileEntry? Read(byte[] path, SafeFileHandle parent, byte[] name, in TreeStat stat, FileContent content)
    {
        var entry = WithoutXattrs(path, stat, content);
        // What the name leads to may change between two calls; a link's target or a file's attributes would then go to an entry that cannot have them.
        using var found = TreeHandle.TryFind(parent, name, stat.Inode, stat.Type);
        return found is null
            ? null
            : entry with { Target = stat.Type == Interop.Tree.S_IFLNK ? TreeHandle.ReadLink(found) : [], Xattrs = Xattrs(path, found) };
    }

    /// <summary>What is known of an entry that has gone from its name since it was looked at; a symbolic link has no such form.</summary>
    internal static FileEntry WithoutXattrs(byte[] path, in TreeStat stat, FileContent content)
        => new(
            path, KindOf(path, stat), content, (ushort)(stat.Mode & FileEntry.ModeMask), stat.Uid, stat.Gid, stat.MSeconds, stat.MNanoseconds,
            stat.Type == Interop.Tree.S_IFREG ? stat.Size : 0, [], []);

    private static FileEntryKind KindOf(byte[] path, in TreeStat stat) => stat.Type switch
    {
        Interop.Tree.S_IFDIR => FileEntryKind.Directory,
        Interop.Tree.S_IFREG => FileEntryKind.File,
        Interop.Tree.S_IFLNK => FileEntryKind.Symlink,
        Interop.Tree.S_IFIFO => FileEntryKind.Fifo,
        Interop.Tree.S_IFSOCK => FileEntryKind.Socket,
        Interop.Tree.S_IFCHR when stat.Rdev == 0 => FileEntryKind.Whiteout,
        _ => throw new LayerException(LayerFailure.CannotCarry, $"/{TreeHandle.Show(path)} is a device node; a container's devices come from its host, so make it elsewhere or remove it."),
    };

    private static FileXattr[] Xattrs(byte[] path, SafeFileHandle entry)
    {
        var found = new List<FileXattr>();
        foreach (var xattr in TreeHandle.XattrNames(entry))
        {
            switch (LayerXattrs.RuleOf(xattr))
            {
                case LayerXattrs.Rule.Carry:
                    found.Add(new FileXattr(xattr, TreeHandle.GetXattr(entry, xattr)));
                    break;
                case LayerXattrs.Rule.Refuse:
                    throw new LayerException(LayerFailure.CannotCarry, $"/{TreeHandle.Show(path)} has the attribute {TreeHandle.Show(xattr)}, which cannot be carried to another host.");
                case LayerXattrs.Rule.StayBehind:
                    break;
            }
        }
        return [.. found];
    }
}
