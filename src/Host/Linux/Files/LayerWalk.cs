using ActorMigration.Contracts;
using Microsoft.Win32.SafeHandles;

namespace ActorMigration.Host.Linux.Files;

/// <summary>
/// Looks at the source's tree, compares it with what the destination has, and has the difference sent.
///
/// An entry has changed when its ctime, size, mode, owner, mtime or inode has. Two kinds of change move none of these. A change within the same tick of the
/// clock as the last look: an entry younger than <see cref="Granularity"/> when it was looked at is sent again in the next pass, and its content compared
/// with a digest per block. Writes through a shared mapping: content is compared in every pass.
///
/// While the container runs, an entry may go away or be another one at each step. Then the destination is left as it is known to be, and what was not
/// seen to the end is marked for the next pass. Directories are in this file, everything else is in LayerWalk.Leaves.cs.
/// </summary>
internal sealed partial class LayerWalk(string rootPath, SafeFileHandle rootHandle, SentTree tree, EntrySender sender, LayerContent content, TimeProvider time)
{
    /// <summary>Coarsest time stamps that are met: FAT and some network file systems count in 2 s; the kernel's own tick is 1 to 10 ms.</summary>
    private static readonly TimeSpan Granularity = TimeSpan.FromSeconds(2);

    private readonly List<SentName> _doomed = [];
    private ulong _device;
    private int _pass;
    private bool _final;
    private bool _seenFrozen;

    /// <summary>Entries of this pass whose state was asked of the kernel.</summary>
    internal long Looks { get; private set; }

    /// <summary><paramref name="seenFrozen"/>: the last pass ran under the same freeze, so files that it has seen need no look.</summary>
    internal void Run(int pass, bool final, bool seenFrozen, CancellationToken cancel)
    {
        _pass = pass;
        _final = final;
        _seenFrozen = seenFrozen;
        _doomed.Clear();
        Looks = 0;
        if (!TryLook(rootHandle, EntrySender.Itself, out var stat))
        {
            throw new LinuxException("statx", rootPath, Interop.Errno.ENOENT);
        }
        _device = stat.Device;
        NoteDirectory(tree.Root, rootHandle, EntrySender.Itself, stat);
        Walk(tree.Root, rootHandle, cancel);
    }

    /// <summary>Files marked as mapped since the last pass; the older ones were compared on the way.</summary>
    internal void CompareMapped(IEnumerable<string> paths)
    {
        foreach (var path in paths)
        {
            if (tree.Find(path) is not SentLeaf { Inode: { Type: Interop.Tree.S_IFREG, Mapped: false } inode } leaf)
            {
                continue;
            }
            tree.MarkMapped(inode);
            using var parent = sender.OpenKnown(leaf.Parent!);
            if (parent is not null && TryLook(parent, leaf.Name, out var stat) && stat.Inode == inode.Number)
            {
                Update(parent, leaf.Name, leaf, stat);
            }
        }
    }

    /// <summary>Deletions come last: until then a file that has only moved can still be linked from its old name.</summary>
    internal void RemoveDoomed()
    {
        foreach (var name in _doomed)
        {
            if (!name.Gone)
            {
                sender.Delete(name);
                tree.Drop(name);
            }
        }
    }

    private void Walk(SentDirectory directory, SafeFileHandle handle, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        if (directory.Stale)
        {
            directory.Stale = false;
            foreach (var name in TreeHandle.Names(handle))
            {
                Visit(directory, handle, name, directory.Children.GetValueOrDefault(SentDirectory.Key(name)), cancel);
            }
        }
        else
        {
            // No name has come or gone since the last pass: look at each one without reading the directory.
            foreach (var known in directory.Children.Values.ToArray())
            {
                if (IsStill(known))
                {
                    known.SeenInPass = _pass;
                }
                else
                {
                    Visit(directory, handle, known.Name, known, cancel);
                }
            }
        }
        foreach (var known in directory.Children.Values)
        {
            if (known.SeenInPass != _pass)
            {
                _doomed.Add(known);
            }
        }
    }

    private void Visit(SentDirectory directory, SafeFileHandle handle, byte[] name, SentName? known, CancellationToken cancel)
    {
        if (known?.SeenInPass == _pass)
        {
            return;   // a directory that changes while it is read may show a name twice; what it is now, the next pass sees
        }
        if (!TryLook(handle, name, out var stat))
        {
            ComeBack(directory, name);
            return;
        }
        if (stat.Device != _device)
        {
            throw new LayerException(LayerFailure.CannotCarry, $"{rootPath}: {TreeHandle.Show(name)} is another file system; only the tree's own is carried.");
        }
        if (stat.Type == Interop.Tree.S_IFDIR)
        {
            VisitDirectory(directory, handle, name, known, stat, cancel);
        }
        else
        {
            VisitLeaf(directory, handle, name, known, stat);
        }
    }

    private void VisitDirectory(SentDirectory directory, SafeFileHandle handle, byte[] name, SentName? known, in TreeStat stat, CancellationToken cancel)
    {
        var child = known as SentDirectory;
        if (_seenFrozen && child is { Stale: false } && !HasChanged(child, stat) && child.Children.Values.All(IsStill))
        {
            child.SeenInPass = _pass;
            foreach (var still in child.Children.Values)
            {
                still.SeenInPass = _pass;
            }
            return;
        }
        using var inner = TreeHandle.TryOpen(handle, name, Interop.O_RDONLY | Interop.O_DIRECTORY);
        if (inner is null)
        {
            ComeBack(directory, name);
            return;
        }
        if (child is null)
        {
            child = tree.AddDirectory(directory, name);
            sender.Touch(directory);
        }
        child.SeenInPass = _pass;
        NoteDirectory(child, handle, name, stat);
        Walk(child, inner, cancel);
    }

    /// <summary>Sends a directory's own entry when it has changed, and decides whether its names have to be read.</summary>
    private void NoteDirectory(SentDirectory directory, SafeFileHandle parent, byte[] name, in TreeStat stat)
    {
        if (HasChanged(directory, stat))
        {
            directory.Stat = stat;
            directory.Racy = IsYoung(stat);
            directory.Stale = true;
            directory.SentInPass = _pass;
            sender.Send(directory.Path(), parent, name, stat, FileContent.Unchanged);
        }
    }

    private static bool HasChanged(SentDirectory directory, in TreeStat stat)
        => directory.SentInPass == 0 || directory.Racy || directory.Stat != (stat with { Blocks = directory.Stat.Blocks });

    /// <summary>Not changed since the last pass, as far as no look at it is needed to know.</summary>
    private bool IsStill(SentName known) => _seenFrozen && known is SentLeaf { Inode.IsHot: false };

    private bool TryLook(SafeFileHandle directory, byte[] name, out TreeStat stat)
    {
        Looks++;
        return TreeHandle.TryStat(directory, name, out stat);
    }

    /// <summary>A name went away, or was something else, between two calls: the next pass reads the names again.</summary>
    private void ComeBack(SentDirectory directory, byte[] name)
    {
        directory.Stale = true;
        DemandRunning(name);
    }

    private void DemandRunning(byte[] name)
    {
        if (_final)
        {
            throw new LayerException(LayerFailure.CannotCarry, $"{rootPath}: {TreeHandle.Show(name)} went away although every task of the container stands; somebody else writes to its tree.");
        }
    }

    private bool IsYoung(in TreeStat stat)
        => DateTimeOffset.FromUnixTimeSeconds(stat.CSeconds) + TimeSpan.FromTicks(stat.CNanoseconds / 100) > time.GetUtcNow() - Granularity;
}
