namespace ActorMigration.Host.Linux.Files;

/// <summary>
/// What the destination has by now: names of a tree, and the inode behind each. It changes together with the frame that makes the destination the
/// same, never before: a name that is forgotten here without one would stay there for ever.
/// </summary>
internal sealed class SentTree
{
    private readonly Dictionary<ulong, SentInode> _inodes = [];
    private readonly HashSet<ulong> _mapped = [];

    internal SentDirectory Root { get; } = new("\0"u8.ToArray(), null);

    /// <summary>The inode that the destination has for this one of the source; null when it has none under any name.</summary>
    internal SentInode? Known(in TreeStat stat)
        => _inodes.TryGetValue(stat.Inode, out var inode) && inode.Type == stat.Type && inode.Names.Count > 0 ? inode : null;

    internal SentName? Find(string path)
    {
        SentName? at = Root;
        foreach (var name in path.Split('/'))
        {
            at = (at as SentDirectory)?.Children.GetValueOrDefault(name);
        }
        return at;
    }

    /// <summary>From now on its content is compared in each pass, also when the inode is sent anew under another name.</summary>
    internal void MarkMapped(SentInode inode)
    {
        inode.Mapped = true;
        _mapped.Add(inode.Number);
    }

    internal SentDirectory AddDirectory(SentDirectory parent, byte[] name)
    {
        var directory = new SentDirectory(name, parent);
        Drop(parent.Children.GetValueOrDefault(SentDirectory.Key(name)));
        parent.Children[SentDirectory.Key(name)] = directory;
        return directory;
    }

    /// <summary>Puts a name in place of whatever was there.</summary>
    internal void Add(SentLeaf leaf)
    {
        var key = SentDirectory.Key(leaf.Name);
        Drop(leaf.Parent!.Children.GetValueOrDefault(key));
        leaf.Parent.Children[key] = leaf;
        leaf.Inode.Mapped |= _mapped.Contains(leaf.Inode.Number);
        leaf.Inode.Names.Add(leaf);
        _inodes[leaf.Inode.Number] = leaf.Inode;
    }

    /// <summary>Forgets a name and all below it; the frame that makes the destination do so is sent by the caller, or was the entry put there.</summary>
    internal void Drop(SentName? name)
    {
        if (name is null)
        {
            return;
        }
        name.Gone = true;
        name.Parent!.Children.Remove(SentDirectory.Key(name.Name));
        if (name is SentDirectory directory)
        {
            foreach (var child in directory.Children.Values.ToArray())
            {
                Drop(child);
            }
        }
        else if (name is SentLeaf leaf)
        {
            leaf.Inode.Names.Remove(leaf);
            if (leaf.Inode.Names.Count == 0 && _inodes.GetValueOrDefault(leaf.Inode.Number) == leaf.Inode)
            {
                _inodes.Remove(leaf.Inode.Number);
            }
        }
    }
}
