using System.Runtime.InteropServices;
using ActorMigration.Contracts;
using Microsoft.Win32.SafeHandles;

namespace ActorMigration.Host.Linux.Files;

/// <summary>Owner, mode, attributes and time of one entry.</summary>
internal sealed unsafe partial class LayerWriter
{
    /// <summary>In this order: a change of owner clears set-id bits and capabilities, a default ACL has set some of the rest, and everything moves the time.</summary>
    private void SetMetadata(SafeFileHandle parent, byte[] name, FileEntry entry, bool withTime)
    {
        fixed (byte* start = name)
        {
            if (Interop.Tree.FChOwnAt(parent, start, entry.Uid, entry.Gid, Interop.Tree.AT_SYMLINK_NOFOLLOW) != 0)
            {
                throw Failure("fchownat", entry.Path);
            }
        }
        SetXattrs(parent, name, entry);
        // fchmodat has no way not to follow a link before Linux 6.6; what is here now is of the kind we have just made or found,
        // and nobody else works below the root. A link has no mode of its own.
        if (entry.Kind != FileEntryKind.Symlink)
        {
            fixed (byte* start = name)
            {
                if (Interop.Tree.FChModAt(parent, start, entry.Mode, 0) != 0)
                {
                    throw Failure("fchmodat", entry.Path);
                }
            }
        }
        if (withTime)
        {
            SetTime(parent, name, entry);
        }
    }

    private void SetXattrs(SafeFileHandle parent, byte[] name, FileEntry entry)
    {
        foreach (var wanted in entry.Xattrs)
        {
            Refuse(LayerXattrs.RuleOf(wanted.Name) != LayerXattrs.Rule.Carry, entry.Path, $"the attribute {TreeHandle.Show(wanted.Name)}");
        }
        fixed (byte* path = TreeHandle.PathOf(parent, name))
        {
            foreach (var found in TreeHandle.XattrNames(parent, name))
            {
                if (LayerXattrs.RuleOf(found) != LayerXattrs.Rule.Carry || Array.Exists(entry.Xattrs, wanted => wanted.Name.AsSpan().SequenceEqual(found)))
                {
                    continue;
                }
                fixed (byte* attribute = TreeHandle.ZeroTerminated(found))
                {
                    if (Interop.Tree.LRemoveXattr(path, attribute) != 0 && Marshal.GetLastPInvokeError() != Interop.Errno.ENODATA)
                    {
                        throw Failure("lremovexattr", entry.Path);
                    }
                }
            }
            foreach (var wanted in entry.Xattrs)
            {
                fixed (byte* attribute = TreeHandle.ZeroTerminated(wanted.Name), value = wanted.Value)
                {
                    if (Interop.Tree.LSetXattr(path, attribute, value, (nuint)wanted.Value.Length, 0) != 0)
                    {
                        throw Failure($"lsetxattr {TreeHandle.Show(wanted.Name)}", entry.Path);
                    }
                }
            }
        }
    }

    private void SetTime(SafeFileHandle parent, byte[] name, FileEntry entry)
    {
        var times = stackalloc Interop.Tree.time_spec[2];
        times[0] = new Interop.Tree.time_spec { tv_nsec = Interop.Tree.UTIME_OMIT };
        times[1] = new Interop.Tree.time_spec { tv_sec = entry.Seconds, tv_nsec = entry.Nanoseconds };
        fixed (byte* start = name)
        {
            if (Interop.Tree.UTimeNsAt(parent, start, times, Interop.Tree.AT_SYMLINK_NOFOLLOW) != 0)
            {
                throw Failure("utimensat", entry.Path);
            }
        }
    }
}
