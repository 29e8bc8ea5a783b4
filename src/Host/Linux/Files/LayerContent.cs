using System.Security.Cryptography;
using ActorMigration.Contracts;
using Microsoft.Win32.SafeHandles;

namespace ActorMigration.Host.Linux.Files;

/// <summary>
/// Sends content of files: whole, or the blocks whose digest has changed. In a final pass the old part of a large file is compared
/// last, after everything else is in place, so that the comparison runs while the skeleton is dumped and restored: an append-only file of any
/// size then costs its tail before the destination can go on.
/// </summary>
internal sealed unsafe class LayerContent : IDisposable
{
    /// <summary>Files up to this size are compared on the way: a millisecond of reading.</summary>
    private const long DeferFromBytes = 4 * 1024 * 1024;

    /// <summary>Files that are kept open for the comparison at the end; more than these are compared on the way.</summary>
    private const int MaxDeferred = 256;

    private readonly long _seed = BitConverter.ToInt64(RandomNumberGenerator.GetBytes(8));
    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(FileFrameLimits.MaxDataBytes, pinned: true);
    private readonly List<Deferred> _deferred = [];
    private FileFrameWriter _to = null!;   // set by Begin, which each pass calls first

    /// <summary>
    /// The entry whose content is sent: where the destination has it now, and by which name in the directory under way it was found.
    /// <paramref name="Changed"/>: its own fields have changed, so it is sent even if no block has.
    /// </summary>
    internal readonly record struct Target(SentInode Inode, byte[] Path, byte[] Name, TreeStat Stat, bool Changed)
    {
        internal BlockDigests Blocks => Inode.Blocks!;   // every regular file has got them when it was first sent
    }

    private sealed record Deferred(SafeFileHandle File, Target Target, int UpTo);

    internal long BytesSent { get; private set; }

    internal long BytesRead { get; private set; }

    internal void Begin(FileFrameWriter to)
    {
        _to = to;
        BytesSent = BytesRead = 0;
    }

    /// <summary>Everything of a new file but its zeros; the entry has been sent.</summary>
    internal BlockDigests SendWhole(SafeFileHandle file, long size)
    {
        var blocks = new BlockDigests(_seed);
        blocks.Resize(BlockDigests.BlocksOf(size));
        Compare(file, blocks, size, 0, blocks.Count, () => { });
        _to.Write(FileFrameKind.EntryEnd, []);
        return blocks;
    }

    /// <summary>The blocks of a known file that have changed. Takes over <paramref name="file"/>.</summary>
    internal void SendRanges(SafeFileHandle file, long oldSize, in Target target, Func<Target, FileContent, bool> sendEntry, bool defer)
    {
        var size = target.Stat.Size;
        var old = (int)(Math.Min(oldSize, size) / BlockDigests.BlockBytes);
        var first = defer && size >= DeferFromBytes && _deferred.Count < MaxDeferred ? old : 0;
        target.Blocks.Resize(BlockDigests.BlocksOf(size));
        SendChanged(file, target, first, target.Blocks.Count, sendEntry);
        if (first > 0)
        {
            _deferred.Add(new Deferred(file, target with { Changed = false }, first));
        }
        else
        {
            file.Dispose();
        }
    }

    /// <summary>Compares what was put off. By now the destination has a file at the name that it has at the source, which need not be the one it was found by.</summary>
    internal void VerifyDeferred(Func<Target, FileContent, bool> sendEntry, CancellationToken cancel)
    {
        foreach (var one in _deferred)
        {
            cancel.ThrowIfCancellationRequested();
            SendChanged(one.File, one.Target, 0, one.UpTo, sendEntry);
        }
        Forget();
    }

    public void Dispose() => Forget();

    private void Forget()
    {
        _deferred.ForEach(one => one.File.Dispose());
        _deferred.Clear();
    }

    private void SendChanged(SafeFileHandle file, Target target, int from, int to, Func<Target, FileContent, bool> sendEntry)
    {
        var begun = false;
        Compare(file, target.Blocks, target.Stat.Size, from, to, () =>
        {
            if (!begun)
            {
                begun = true;
                sendEntry(target, FileContent.Ranges);
            }
        });
        if (begun)
        {
            _to.Write(FileFrameKind.EntryEnd, []);
        }
        else if (target.Changed)
        {
            // Size and metadata without a changed block: an entry of its own ranges, of which there are none.
            sendEntry(target, FileContent.Ranges);
            _to.Write(FileFrameKind.EntryEnd, []);
        }
    }

    /// <summary>Sends each block in [from, to) that differs from its digest; <paramref name="begin"/> is called before each frame.</summary>
    private void Compare(SafeFileHandle file, BlockDigests blocks, long size, int from, int to, Action begin)
    {
        const int PerRead = FileFrameLimits.MaxDataBytes / BlockDigests.BlockBytes;
        var dataEnd = -1L;     // up to here the file has data
        var dataStart = -1L;   // from here on, if it is behind dataEnd
        for (var block = from; block < to;)
        {
            var offset = (long)block * BlockDigests.BlockBytes;
            if (offset >= dataEnd)
            {
                (dataStart, dataEnd) = NextData(file, Math.Max(offset, dataEnd), size);
            }
            if (offset + BlockDigests.BlockBytes <= dataStart)
            {
                var holeEnd = Math.Min(to, (int)(dataStart / BlockDigests.BlockBytes));
                SendHoles(blocks, size, block, holeEnd, begin);
                block = holeEnd;
                continue;
            }
            var count = Math.Min(PerRead, to - block);
            Read(file, offset, Math.Min(count * (long)BlockDigests.BlockBytes, size - offset), out var bytes);
            SendBlocks(blocks, block, bytes, begin, size);
            block += count;
        }
    }

    private void SendBlocks(BlockDigests blocks, int first, ReadOnlySpan<byte> bytes, Action begin, long size)
    {
        var runStart = -1;
        for (var at = 0; at < bytes.Length; at += BlockDigests.BlockBytes)
        {
            var block = first + at / BlockDigests.BlockBytes;
            var digest = blocks.Of(bytes[at..Math.Min(bytes.Length, at + BlockDigests.BlockBytes)]);
            var differs = digest != blocks[block];
            if (differs && digest != BlockDigests.Hole)
            {
                runStart = runStart < 0 ? at : runStart;
            }
            else
            {
                SendRun(first, bytes, ref runStart, at, begin);
                if (differs)
                {
                    SendHoles(blocks, size, block, block + 1, begin);
                }
            }
            blocks[block] = digest;
        }
        SendRun(first, bytes, ref runStart, bytes.Length, begin);
    }

    private void SendRun(int first, ReadOnlySpan<byte> bytes, ref int start, int end, Action begin)
    {
        if (start >= 0)
        {
            begin();
            _to.WriteData((long)first * BlockDigests.BlockBytes + start, bytes[start..end]);
            BytesSent += end - start;
            start = -1;
        }
    }

    private void SendHoles(BlockDigests blocks, long size, int from, int to, Action begin)
    {
        for (var block = from; block < to; block++)
        {
            if (blocks[block] != BlockDigests.Hole)
            {
                begin();
                var offset = (long)block * BlockDigests.BlockBytes;
                _to.WriteHole(offset, Math.Min(BlockDigests.BlockBytes, size - offset));
                blocks[block] = BlockDigests.Hole;
            }
        }
    }

    private void Read(SafeFileHandle file, long offset, long length, out ReadOnlySpan<byte> bytes)
    {
        var at = 0;
        fixed (byte* start = _buffer)
        {
            while (at < length)
            {
                var got = Interop.PRead(file, start + at, (nuint)(length - at), offset + at);
                if (got < 0)
                {
                    throw LinuxException.FromLastError("pread", "a file of the tree");
                }
                if (got == 0)
                {
                    break;
                }
                at += (int)got;
            }
        }
        // Cut while we read: zeros for now; its ctime has moved, so the next pass comes back to it.
        _buffer.AsSpan(at, (int)length - at).Clear();
        BytesRead += at;
        bytes = _buffer.AsSpan(0, (int)length);
    }

    /// <summary>The first range with data at or after an offset; (size, size) when there is none.</summary>
    private static (long Start, long End) NextData(SafeFileHandle file, long from, long size)
    {
        var start = from >= size ? -1 : Interop.Tree.LSeek(file, from, Interop.Tree.SEEK_DATA);
        if (start < 0 || start >= size)
        {
            return (size, size);
        }
        var end = Interop.Tree.LSeek(file, start, Interop.Tree.SEEK_HOLE);
        return (start, end < 0 ? size : Math.Min(end, size));
    }
}
