using System.Text;

namespace ActorMigration.Host.Linux.Files;

/// <summary>
/// One name that the destination has by now. Only <see cref="SentTree"/> makes it and lets it go.
/// </summary>
internal abstract class SentName(byte[] name, SentDirectory? parent)
{
    /// <summary>With its zero, as the calls take it.</summary>
    internal byte[] Name { get; } = name;

    internal SentDirectory? Parent { get; } = parent;

    /// <summary>Pass in which the source had this name last.</summary>
    internal int SeenInPass { get; set; }

    /// <summary>No longer at the destination, by itself or with a directory above.</summary>
    internal bool Gone { get; set; }

    internal bool IsAtOrBelow(SentName other)
    {
        for (var at = this; at is not null; at = at.Parent)
        {
            if (at == other)
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>Below the root, without a zero; empty for the root.</summary>
    internal byte[] Path()
    {
        var length = 0;
        for (var at = this; at.Parent is not null; at = at.Parent)
        {
            length += at.Name.Length;   // its zero stands for the slash
        }
        var path = new byte[Math.Max(0, length - 1)];
        var end = path.Length;
        for (var at = this; at.Parent is not null; at = at.Parent)
        {
            var bare = at.Name.AsSpan(0, at.Name.Length - 1);
            bare.CopyTo(path.AsSpan(end - bare.Length));
            end -= bare.Length + 1;
            if (end >= 0)
            {
                path[end] = (byte)'/';
            }
        }
        return path;
    }
}

/// <summary>A directory at the destination.</summary>
internal sealed class SentDirectory(byte[] name, SentDirectory? parent) : SentName(name, parent)
{
    /// <summary>By name; Latin-1 keeps every byte of it.</summary>
    internal Dictionary<string, SentName> Children { get; } = [];

    internal TreeStat Stat { get; set; }

    /// <summary>Names must be read again although no time stamp says so.</summary>
    internal bool Stale { get; set; } = true;

    /// <summary>Its time was so young when it was looked at that a later change may carry the same one.</summary>
    internal bool Racy { get; set; }

    /// <summary>Pass in which its entry was sent last.</summary>
    internal int SentInPass { get; set; }

    /// <summary>Something in it was made or removed at the destination in this pass, which moves its time there.</summary>
    internal int TouchedInPass { get; set; }

    internal static string Key(ReadOnlySpan<byte> zeroTerminated) => Encoding.Latin1.GetString(zeroTerminated[..^1]);
}

/// <summary>A name of something that is no directory.</summary>
internal sealed class SentLeaf(byte[] name, SentDirectory parent, SentInode inode) : SentName(name, parent)
{
    internal SentInode Inode { get; } = inode;
}

/// <summary>A file, link or special file at the destination, under one name or more.</summary>
internal sealed class SentInode(ulong number, int type)
{
    internal ulong Number { get; } = number;

    /// <summary>S_IFREG and so on.</summary>
    internal int Type { get; } = type;

    internal List<SentLeaf> Names { get; } = [];

    /// <summary>As it was just before it was last read.</summary>
    internal TreeStat Stat { get; set; }

    /// <summary>Its time was so young when it was read that a later write may carry the same one.</summary>
    internal bool Racy { get; set; }

    /// <summary>A task maps it shared for writing, or has: such writes move no time stamp.</summary>
    internal bool Mapped { get; set; }

    /// <summary>May change, or have changed, without a time stamp that tells it.</summary>
    internal bool IsHot => Racy || Mapped;

    internal int ComparedInPass { get; set; }

    internal BlockDigests? Blocks { get; set; }
}
