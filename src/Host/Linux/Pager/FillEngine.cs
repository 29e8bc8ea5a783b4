using System.Runtime.InteropServices;
using ActorMigration.Contracts.Memory;
using ActorMigration.Host.Linux.Criu.Images;
using Microsoft.Win32.SafeHandles;
using static ActorMigration.Host.Linux.Interop.LazyFault;

namespace ActorMigration.Host.Linux.Pager;

/// <summary>
/// Serves the restored address spaces from the store: faults at once, the rest behind them. One thread does all of it, so that
/// the set of missing pages and the kernel's events have one order. Used by the pager and, after its death, by the keeper.
///
/// What it answers: page fault: content if the page is missing, else a zero page (the program discarded it, or it never was).
/// fork: the child misses what the parent misses. mremap: the set moves. munmap, MADV_DONTNEED/FREE: out of the set. EAGAIN
/// from UFFDIO_COPY means that such an event is unread: read it, decide anew.
/// </summary>
internal sealed unsafe partial class FillEngine : IDisposable
{
    /// <summary>Bytes of one background copy while nobody faults: some 0.6 ms, the longest that a fault then waits.</summary>
    private const ulong QuietBatch = 1UL << 20;

    /// <summary>Bytes of one background copy within <see cref="BusyBatches"/> of a fault.</summary>
    private const ulong BusyBatch = 128UL << 10;

    private const int BusyBatches = 64;

    /// <summary>Forked children that are held before it is asked which of them have ended; then twice what is left and this many more. Each holds a descriptor.</summary>
    private const int ChildrenBeforeSweep = 64;

    /// <summary>Bytes served around a fault, from it upwards: neighbours are wanted next, and 16 pages cost little more than one.</summary>
    private const ulong FaultAround = 64UL << 10;

    private readonly string _store;
    private readonly string _images;
    private readonly bool _afterAnother;
    private readonly byte* _buffer = (byte*)NativeMemory.AlignedAlloc((nuint)QuietBatch, (nuint)PageSize.Bytes);
    private readonly Dictionary<int, StoredPages> _sources = [];
    private readonly List<LazySpace> _spaces = [];
    private readonly List<(LazySpace Space, ulong Address)> _waiting = [];
    private uint _nextId;
    private int _nextSpace;
    private int _busy;
    private int _children;
    private int _childrenToSweep = ChildrenBeforeSweep;
    private ulong _batch = QuietBatch;

    /// <param name="store">Directory of the sealed page store.</param>
    /// <param name="images">Directory of the skeleton.</param>
    /// <param name="log">Where events are read to.</param>
    /// <param name="afterAnother">True for a successor: pages may be in already, and their content punched out.</param>
    internal FillEngine(string store, string images, EventLog log, bool afterAnother)
    {
        _store = store;
        _images = images;
        Log = log;
        _afterAnother = afterAnother;
    }

    internal EventLog Log { get; set; }

    internal IReadOnlyList<LazySpace> Spaces => _spaces;

    internal FillCounters Counters { get; } = new();

    /// <summary>True when nobody misses a page.</summary>
    internal bool IsComplete => _spaces.TrueForAll(space => space.Missing.IsEmpty);

    /// <summary>True when a fault could not be answered yet (layout changing, or no memory).</summary>
    internal bool HasWaiting => _waiting.Count > 0;

    /// <summary>Called with each new descriptor before its event is acted on; the keeper takes its duplicate meanwhile.</summary>
    internal Action<int> Hold { get; set; } = _ => { };

    /// <summary>Called before a descriptor of an ended address space is closed.</summary>
    internal Action<int> Drop { get; set; } = _ => { };

    /// <summary>Takes over a restored process.</summary>
    internal LazySpace Restored(int imagePid, int hostPid, SafeFileHandle userfault)
    {
        Log.Add(_nextId, new uffd_msg { @event = EventLog.SpaceAdded, ufd = (int)userfault.DangerousGetHandle(), second = (ulong)imagePid, third = (ulong)hostPid });
        Hold((int)userfault.DangerousGetHandle());
        return Add(imagePid, hostPid, userfault);
    }

    /// <summary>Reads and answers everything that the kernel has about one space.</summary>
    internal void ReadEvents(LazySpace space)
    {
        while (!space.IsGone && Log.ReadFrom(space.Userfault, space.Id) is { } message)
        {
            switch (message.@event)
            {
                case UFFD_EVENT_PAGEFAULT:
                    Counters.Faults++;
                    _busy = BusyBatches;
                    Serve(space, message.second & ~(ulong)(PageSize.Bytes - 1));
                    break;
                case UFFD_EVENT_FORK:
                    Log.Keep();
                    Hold(message.ufd);
                    AddChild(space, new SafeFileHandle(message.ufd, ownsHandle: true));
                    Counters.Forks++;
                    break;
                default:
                    Apply(space, message, keep: true);
                    break;
            }
        }
    }

    /// <summary>Answers the faults that had to wait; call after <see cref="ReadEvents"/> of every space.</summary>
    internal void RetryWaiting()
    {
        var waiting = _waiting.ToArray();
        _waiting.Clear();
        foreach (var (space, address) in waiting.Where(entry => !entry.Space.IsGone))
        {
            Serve(space, address);
        }
    }

    /// <summary>Takes an address space out whose process has ended; leaves a living one alone.</summary>
    internal void ForgetIfGone(LazySpace space)
    {
        // Asks for a page that nothing is brought for: ENOENT or EEXIST from a living address space, ESRCH from one that is gone. Mostly no mapping is there; without address randomisation it is the
        // top of the stack, which must not become zeros when it is still to come.
        const ulong never = UserAddressEnd - PageSize.Bytes;
        if (!space.Missing.Intersects(never, never + PageSize.Bytes) && space.Zero(never, PageSize.Bytes, out _) == PutResult.Gone)
        {
            Settle(space, never, PutResult.Gone);
        }
    }

    /// <summary>
    /// Brings pages before the program runs: those that a fork would not copy (MADV_DONTFORK, MADV_WIPEONFORK), since a child
    /// must not get them from here, and one page as a foothold for <see cref="LazySpace.IsLayoutStable"/>.
    /// </summary>
    internal void FillAhead(LazySpace space, ulong start, ulong end)
    {
        while (space.Missing.Next(start) is { } range && range.Start >= start && range.Start < end)
        {
            var result = Put(space, range.Start, range.ImageStart, Math.Min(Math.Min(range.End, end) - range.Start, QuietBatch), out _);
            if (result is not (PutResult.Done or PutResult.Present))
            {
                throw new InvalidDataException($"page 0x{range.Start:x} of address space {space.Id} could not be put in before the program runs: {result}");
            }
        }
    }

    /// <summary>Fills one batch; false when nothing could be done now.</summary>
    internal bool FillStep()
    {
        for (var i = 0; i < _spaces.Count; i++)
        {
            var space = _spaces[(_nextSpace + i) % _spaces.Count];
            if (space.Missing.Next(space.Cursor) is not { } range)
            {
                continue;
            }

            _nextSpace = (_nextSpace + i + 1) % _spaces.Count;
            var limit = _busy > 0 ? BusyBatch : QuietBatch;
            _busy = Math.Max(0, _busy - 1);
            _batch = Math.Min(_batch, limit);
            var result = Put(space, range.Start, range.ImageStart, Math.Min(range.End - range.Start, _batch), out var done);
            // A successor meets pages that are in: then page by page, or each try would read a whole batch for nothing.
            _batch = result == PutResult.Present ? PageSize.Bytes : Math.Min(_batch * 2, limit);
            space.Cursor = range.Start + Math.Max(done, result == PutResult.NoMapping ? PageSize.Bytes : 0UL);
            if (result == PutResult.NoMapping && space.IsLayoutStable())
            {
                Counters.Unmapped += space.Missing.Remove(range.Start, range.Start + PageSize.Bytes);
                return true;
            }

            // Of a process that is gone, or has executed another program, nothing says any more what is in; a child may still want what it shared.
            if (result != PutResult.Gone && (space.Punch.IsDue || space.Missing.IsEmpty))
            {
                space.Punch.Run();
            }

            return result is PutResult.Done or PutResult.Present or PutResult.Gone;
        }

        return false;
    }

    public void Dispose()
    {
        foreach (var space in _spaces)
        {
            space.Dispose();
        }

        _spaces.Clear();
        foreach (var source in _sources.Values)
        {
            source.Dispose();
        }

        NativeMemory.AlignedFree(_buffer);
    }

    private LazySpace Add(int imagePid, int hostPid, SafeFileHandle userfault)
    {
        var missing = new LazyRanges();
        foreach (var entry in PagemapImage.Read(_images, imagePid).Entries.Where(entry => entry.IsLazy))
        {
            missing.Add(entry.Address, entry.End);
        }

        if (!_sources.TryGetValue(imagePid, out var source))
        {
            // A process that has no lazy page may have no file in the store.
            source = StoredPages.Open(_store, imagePid, mayBeAbsent: missing.IsEmpty);
            _sources.Add(imagePid, source);
        }

        Counters.Total += missing.Pages;
        return Add(new LazySpace(_nextId++, userfault, source, missing, missing.Clone(), hostPid));
    }

    private void AddChild(LazySpace parent, SafeFileHandle userfault)
    {
        if (++_children > _childrenToSweep)
        {
            // Nothing says that a child has ended: a program that forks without end would use up our descriptors otherwise.
            foreach (var child in _spaces.Where(space => space.HostPid == 0 && space != parent).ToArray())
            {
                ForgetIfGone(child);
            }

            _children = _spaces.Count(space => space.HostPid == 0);
            _childrenToSweep = (2 * _children) + ChildrenBeforeSweep;
        }

        Counters.Total += parent.Missing.Pages;
        Add(new LazySpace(_nextId++, userfault, parent.Source, parent.Missing.Clone(), parent.FromImages.Clone(), hostPid: 0) { LastPut = parent.LastPut });
    }

    private LazySpace Add(LazySpace space)
    {
        space.Source.Users++;
        _spaces.Add(space);
        return space;
    }

    /// <summary>An event that moves or discards memory; one that concerns nothing from the images is not kept in the log.</summary>
    private void Apply(LazySpace space, uffd_msg message, bool keep = false)
    {
        var isMove = message.@event == UFFD_EVENT_REMAP;
        var (start, end) = isMove ? (message.first, message.first + message.third) : (message.first, message.second);
        var matters = space.FromImages.Intersects(start, end) || (isMove && space.FromImages.Intersects(message.second, message.second + message.third));
        if (!matters)
        {
            return;
        }

        if (keep)
        {
            Log.Keep();
        }

        var before = space.Missing.Pages;
        foreach (var set in (ReadOnlySpan<LazyRanges>)[space.Missing, space.FromImages])
        {
            switch (message.@event)
            {
                case UFFD_EVENT_REMAP:
                    set.Move(message.first, message.second, message.third);
                    break;
                case UFFD_EVENT_REMOVE or UFFD_EVENT_UNMAP:
                    set.Remove(start, end);
                    break;
                default:
                    throw new InvalidDataException($"userfaultfd event 0x{message.@event:x} is not one that CRIU asks for");
            }
        }

        Counters.Discarded += before - space.Missing.Pages;
    }

    private void Serve(LazySpace space, ulong address)
    {
        PutResult result;
        if (space.Missing.From(address) is { } range)
        {
            space.Cursor = address;
            result = Put(space, address, range.ImageStart, Math.Min(range.End - address, FaultAround), out _);
        }
        else
        {
            result = space.Zero(address, PageSize.Bytes, out _);
            Counters.ZeroFaults += result == PutResult.Done ? 1 : 0;
            Settle(space, address, result);
        }

        if (result is PutResult.Changing or PutResult.NoMemory)
        {
            _waiting.Add((space, address));
        }
    }

    /// <summary>Puts pages of one piece of the set in and takes them out of it.</summary>
    private PutResult Put(LazySpace space, ulong address, ulong imageAddress, ulong length, out ulong done)
    {
        (var kind, length) = space.Source.Look(imageAddress, length, _afterAnother);
        switch (kind)
        {
            case StoredKind.Missing:
                throw new InvalidDataException($"page 0x{imageAddress:x} of address space {space.Id} is lazy and not in the store; nothing is put in its place");
            case StoredKind.Punched:
                // It was punched because it had arrived; the set of a successor only forgot it.
                done = length;
                Counters.Filled += space.Missing.Remove(address, address + length);
                space.Wake(address, length);
                return PutResult.Present;
            case StoredKind.Data:
                space.Source.Read(imageAddress, new Span<byte>(_buffer, (int)length));
                break;
        }

        PutResult result;
        while (true)
        {
            result = kind == StoredKind.Data ? space.Copy(address, _buffer, length, out done) : space.Zero(address, length, out done);
            if (result != PutResult.NoMapping || length == PageSize.Bytes)
            {
                break;
            }

            // A run of pages may span mappings, and one ioctl may not.
            length = Math.Max(PageSize.Bytes, length / 2 / PageSize.Bytes * PageSize.Bytes);
        }

        if (result == PutResult.Done)
        {
            Counters.Filled += space.Missing.Remove(address, address + done);
            space.LastPut = address;
            if (kind == StoredKind.Data)
            {
                space.Punch.Add(address, imageAddress, done);
            }
        }

        Settle(space, address, result);
        return result;
    }

    /// <summary>What a failed put of the page at <paramref name="address"/> means for the set and for who waits.</summary>
    private void Settle(LazySpace space, ulong address, PutResult result)
    {
        switch (result)
        {
            case PutResult.Present:
                Counters.Filled += space.Missing.Remove(address, address + PageSize.Bytes);
                space.Wake(address, PageSize.Bytes);
                break;
            case PutResult.NoMapping:
                // Who waits faults again: at the new address after a mremap, or into nothing. The set is left to the event, which
                // may not even be queued yet: taking the page out now would lose it when it has only moved.
                space.Wake(address, PageSize.Bytes);
                break;
            case PutResult.Gone:
                Log.Add(space.Id, new uffd_msg { @event = EventLog.SpaceGone });
                Drop(space.Descriptor);
                Counters.Discarded += space.Missing.Pages;
                _spaces.Remove(space);
                space.Dispose();
                break;
        }
    }
}
