using System.Buffers.Binary;
using System.Text;
using ActorMigration.Contracts;
using Microsoft.Win32.SafeHandles;

namespace ActorMigration.Host.Linux.Files;

/// <summary>
/// Source side of one tree (a container's writable layer, or a volume): each pass sends what has changed since the last one,
/// while the container runs; the final pass does so under freeze and leaves the destination's tree equal.
///
/// <see cref="LayerWalk"/> finds what has changed, <see cref="LayerContent"/> which blocks of a file, <see cref="EntrySender"/> writes the frames, and
/// <see cref="SentTree"/> knows what the destination has.
///
/// Blocks as stream and disk do: call it on a thread that may block. One call at a time.
/// </summary>
internal sealed class LayerSync : IDisposable
{
    private readonly SafeFileHandle _root;
    private readonly HashSet<string> _mappedPaths = [];
    private readonly SentTree _tree = new();
    private readonly LayerContent _content = new();
    private readonly EntrySender _sender;
    private readonly LayerWalk _walk;
    private LayerPassKind _lastKind = LayerPassKind.Running;
    private int _pass;

    /// <summary>Opens the tree at <paramref name="root"/>; sends nothing yet.</summary>
    internal LayerSync(string root, TimeProvider time)
    {
        _root = Interop.Open(root, Interop.O_RDONLY | Interop.O_DIRECTORY | Interop.O_NOFOLLOW | Interop.O_CLOEXEC);
        if (_root.IsInvalid)
        {
            throw LinuxException.FromLastError("open", root);
        }
        _sender = new EntrySender(_root, _tree.Root);
        _walk = new LayerWalk(root, _root, _tree, _sender, _content, time);
    }

    /// <summary>Content that was read in the last pass, compared or sent: what a pass costs besides looking.</summary>
    internal long BytesRead => _content.BytesRead;

    /// <summary>Entries that the last pass asked the kernel about: what a pass costs when nothing has changed.</summary>
    internal long Looks => _walk.Looks;

    /// <summary>
    /// A task maps this file shared and writable now (path inside the tree, as /proc/PID/map_files shows it, without a leading slash). Called at every round;
    /// once marked, a file stays so for the attempt. A path that is not in the tree belongs to a lower layer, which nobody can write.
    /// </summary>
    internal void MarkMapped(string path) => _mappedPaths.Add(Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(path)));

    /// <summary>Runs one pass and flushes. The caller then waits for <see cref="DurableAnswer"/>.</summary>
    internal PassReport Run(FileFrameWriter to, LayerPassKind kind, CancellationToken cancel)
    {
        var final = kind == LayerPassKind.Final;
        _pass++;
        _content.Begin(to);
        _sender.Begin(to, _pass, final);
        Span<byte> begin = stackalloc byte[5];
        BinaryPrimitives.WriteInt32LittleEndian(begin, _pass);
        begin[4] = final ? (byte)1 : (byte)0;
        to.Write(FileFrameKind.PassBegin, begin);

        // What the last pass has seen under the same freeze is still so, but for names that the dump has made: their directories tell.
        var seenFrozen = final && _lastKind == LayerPassKind.Frozen;
        _lastKind = LayerPassKind.Running;   // until this pass has ended
        _walk.Run(_pass, final, seenFrozen, cancel);
        _walk.CompareMapped(_mappedPaths);
        _walk.RemoveDoomed();
        _sender.SendTouched();
        if (final)
        {
            to.Write(FileFrameKind.Settled, []);
            to.Flush();
        }
        _content.VerifyDeferred(_sender.SendSettled, cancel);

        Span<byte> end = stackalloc byte[20];
        BinaryPrimitives.WriteInt32LittleEndian(end, _pass);
        BinaryPrimitives.WriteInt64LittleEndian(end[4..], _sender.Entries);
        BinaryPrimitives.WriteInt64LittleEndian(end[12..], _content.BytesSent);
        to.Write(FileFrameKind.PassEnd, end);
        to.Flush();
        _lastKind = kind;
        return new PassReport(_pass, _sender.Entries, _content.BytesSent);
    }

    public void Dispose()
    {
        _content.Dispose();
        _root.Dispose();
    }
}
