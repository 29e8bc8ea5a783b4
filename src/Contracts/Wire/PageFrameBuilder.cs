using ActorMigration.Contracts.Memory;

namespace ActorMigration.Contracts.Wire;

/// <summary>
/// Packs runs into one frame. Used by the sender, one builder per frame in flight: filled by the tracker's thread, then
/// handed to the pump, which writes <see cref="Head"/> and <see cref="Data"/> and resets it. Adjacent runs of the same kind
/// and process are merged, so that scattered writes of one region cost one entry.
/// </summary>
public sealed class PageFrameBuilder
{
    private readonly byte[] _head = new byte[PageFrameHeader.Size + (PageFrameLimits.MaxRuns * FrameRun.Size)];
    private readonly byte[] _data = GC.AllocateUninitializedArray<byte>(PageFrameLimits.MaxDataBytes, pinned: true);
    private FrameRun _open;
    private int _runs;
    private int _dataLength;

    /// <summary>True when nothing was added since the last reset.</summary>
    public bool IsEmpty => _runs == 0;

    /// <summary>Header and table (or the payload of a frame without runs); valid once sealed.</summary>
    public ReadOnlyMemory<byte> Head { get; private set; }

    /// <summary>Page content, or empty.</summary>
    public ReadOnlyMemory<byte> Data => _data.AsMemory(0, _dataLength);

    /// <summary>Bytes on the wire of the sealed frame.</summary>
    public int Length => Head.Length + _dataLength;

    /// <summary>Pages of content that still fit.</summary>
    public int PagesLeft => _runs == PageFrameLimits.MaxRuns ? 0 : (PageFrameLimits.MaxDataBytes - _dataLength) / PageSize.Bytes;

    /// <summary>Adds content; the caller has asked <see cref="PagesLeft"/>.</summary>
    public void AddData(ProcessKey process, ulong address, ReadOnlySpan<byte> pages)
    {
        Add(new FrameRun(process, address, (uint)(pages.Length / PageSize.Bytes), FrameRunKind.Data));
        pages.CopyTo(_data.AsSpan(_dataLength));
        _dataLength += pages.Length;
    }

    /// <summary>Adds a run without content; false when the table is full.</summary>
    public bool TryAdd(FrameRun run)
    {
        if (_runs == PageFrameLimits.MaxRuns)
        {
            return false;
        }

        Add(run);
        return true;
    }

    /// <summary>Completes a frame of runs.</summary>
    public void SealRuns(ulong sequence, int round)
    {
        WriteOpenRun();
        var payload = (_runs * FrameRun.Size) + _dataLength;
        new PageFrameHeader(PageFrameKind.Runs, payload, sequence, round, _runs).WriteTo(_head);
        Head = _head.AsMemory(0, PageFrameHeader.Size + (_runs * FrameRun.Size));
    }

    /// <summary>Completes a frame of another kind, with <paramref name="payload"/> of at most <see cref="PageFrameLimits.MaxDataBytes"/>.</summary>
    public void SealPayload(PageFrameKind kind, ulong sequence, int round, ReadOnlySpan<byte> payload)
    {
        new PageFrameHeader(kind, payload.Length, sequence, round, 0).WriteTo(_head);
        payload.CopyTo(_data);
        _dataLength = payload.Length;
        Head = _head.AsMemory(0, PageFrameHeader.Size);
    }

    /// <summary>Empties the builder for its next frame.</summary>
    public void Reset()
    {
        _runs = 0;
        _dataLength = 0;
        _open = default;
        Head = default;
    }

    private void Add(FrameRun run)
    {
        var follows = _runs > 0 && run.Kind == _open.Kind && run.Kind != FrameRunKind.Gone && run.Process == _open.Process
            && run.Address == _open.Address + ((ulong)_open.Pages * PageSize.Bytes)
            && (ulong)_open.Pages + run.Pages <= uint.MaxValue;
        if (follows)
        {
            _open = _open with { Pages = _open.Pages + run.Pages };
            return;
        }

        WriteOpenRun();
        _open = run;
        _runs++;
    }

    private void WriteOpenRun()
    {
        if (_runs > 0)
        {
            _open.WriteTo(_head.AsSpan(PageFrameHeader.Size + ((_runs - 1) * FrameRun.Size)));
        }
    }
}
