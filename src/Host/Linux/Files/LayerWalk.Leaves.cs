using ActorMigration.Contracts;
using Microsoft.Win32.SafeHandles;

namespace ActorMigration.Host.Linux.Files;

/// <summary>Files, links and special files: one inode under one name or more.</summary>
internal sealed partial class LayerWalk
{
    private void VisitLeaf(SentDirectory directory, SafeFileHandle handle, byte[] name, SentName? known, in TreeStat stat)
    {
        var inode = tree.Known(stat);
        if (known is SentLeaf there && there.Inode == inode)
        {
            there.SeenInPass = _pass;
            Update(handle, name, there, stat);
            return;
        }
        if (known is SentLeaf { Inode.Names.Count: > 1 } shared && stat.Type != Interop.Tree.S_IFREG)
        {
            // An entry without content would be applied to what is there, which other names keep.
            sender.Delete(shared);
            tree.Drop(shared);
            known = null;
        }
        // Whatever the destination has at this name makes room for what is sent, so that the file to link to must be elsewhere.
        var elsewhere = inode?.Names.Find(other => known is null || !other.IsAtOrBelow(known));
        var leaf = new SentLeaf(name, directory, elsewhere is null ? new SentInode(stat.Inode, stat.Type) : inode!);
        if (elsewhere is not null)
        {
            Update(handle, name, elsewhere, stat);
            sender.Link(leaf, elsewhere);
        }
        else if (!SendNew(handle, leaf, stat))
        {
            ComeBack(directory, name);   // the destination's name is not seen, and deleted in this pass
            return;
        }
        tree.Add(leaf);
        sender.Touch(directory);
        leaf.SeenInPass = _pass;
    }

    /// <summary>False when it is gone; then nothing was sent.</summary>
    private bool SendNew(SafeFileHandle handle, SentLeaf leaf, in TreeStat stat)
    {
        var inode = leaf.Inode;
        inode.Stat = stat;
        inode.Racy = IsYoung(stat);
        inode.ComparedInPass = _pass;
        if (stat.Type != Interop.Tree.S_IFREG)
        {
            return sender.Send(leaf.Path(), handle, leaf.Name, stat, FileContent.Unchanged);
        }
        using var file = TreeHandle.TryOpenFile(handle, leaf.Name, stat.Inode);
        if (file is null)
        {
            return false;
        }
        sender.Send(leaf.Path(), handle, leaf.Name, stat, FileContent.Whole);
        inode.Blocks = content.SendWhole(file, stat.Size);
        return true;
    }

    /// <summary>Sends what has changed of an inode that was found under <paramref name="name"/>, to a name that the destination has for it.</summary>
    private void Update(SafeFileHandle handle, byte[] name, SentLeaf to, in TreeStat stat)
    {
        var inode = to.Inode;
        var sent = inode.Stat;
        var changed = inode.Racy || sent != (stat with { Blocks = sent.Blocks, Links = sent.Links });
        if (inode.ComparedInPass == _pass || !(changed || inode.Mapped))
        {
            return;
        }
        if (stat.Type == Interop.Tree.S_IFREG)
        {
            var file = TreeHandle.TryOpenFile(handle, name, inode.Number);
            if (file is null)
            {
                inode.Racy = true;
                DemandRunning(name);
                return;
            }
            Note(inode, stat);
            var entry = new LayerContent.Target(inode, to.Path(), name, stat, changed);
            content.SendRanges(file, sent.Size, entry, (e, ranges) => sender.Send(e.Path, handle, e.Name, e.Stat, ranges), defer: _final);
        }
        else
        {
            Note(inode, stat);
            inode.Racy |= !sender.Send(to.Path(), handle, name, stat, FileContent.Unchanged);
        }
    }

    private void Note(SentInode inode, in TreeStat stat)
    {
        inode.ComparedInPass = _pass;
        inode.Stat = stat;
        inode.Racy = IsYoung(stat);
    }
}
