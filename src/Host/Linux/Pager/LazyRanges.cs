using ActorMigration.Contracts.Memory;

namespace ActorMigration.Host.Linux.Pager;

/// <summary>Pages that an address space still misses: where they belong now, and where they were when the images were made.</summary>
internal readonly record struct LazyRange(ulong Start, ulong End, ulong ImageStart)
{
    internal long Pages => (long)((End - Start) >> PageSize.Shift);
}

/// <summary>
/// The set of pages that one restored address space still misses. Pure bookkeeping: the program may unmap, discard or move
/// parts of it while it runs, and a page that is not in the set any more must never be put back.
/// </summary>
internal sealed class LazyRanges
{
    /// <summary>Ascending by start, not overlapping. A list: the set only shrinks, and a container has some thousand ranges.</summary>
    private readonly List<LazyRange> _ranges;

    internal LazyRanges() => _ranges = [];

    private LazyRanges(List<LazyRange> ranges) => _ranges = ranges;

    internal bool IsEmpty => _ranges.Count == 0;

    internal long Pages => _ranges.Sum(range => range.Pages);

    internal IReadOnlyList<LazyRange> All => _ranges;

    /// <summary>The set of a forked child at the time of the fork.</summary>
    internal LazyRanges Clone() => new([.. _ranges]);

    /// <summary>Adds pages at the address that they have in the images; ascending calls are cheap.</summary>
    internal void Add(ulong start, ulong end)
    {
        if (_ranges.Count > 0 && _ranges[^1].End == start && _ranges[^1].ImageStart + (_ranges[^1].End - _ranges[^1].Start) == start)
        {
            _ranges[^1] = _ranges[^1] with { End = end };
            return;
        }

        _ranges.Insert(FirstEndingAfter(start), new LazyRange(start, end, start));
    }

    /// <summary>The range that holds <paramref name="address"/>, cut to begin there; null when that page is not missing.</summary>
    internal LazyRange? From(ulong address)
    {
        var i = FirstEndingAfter(address);
        return i < _ranges.Count && _ranges[i].Start <= address ? Cut(_ranges[i], address, _ranges[i].End) : null;
    }

    /// <summary>The first missing range at or after <paramref name="address"/>, else the first of all; null when nothing is missing.</summary>
    internal LazyRange? Next(ulong address)
    {
        if (_ranges.Count == 0)
        {
            return null;
        }

        var i = FirstEndingAfter(address);
        return i == _ranges.Count ? _ranges[0] : Cut(_ranges[i], Math.Max(address, _ranges[i].Start), _ranges[i].End);
    }

    /// <summary>True when any page of [start, end) is missing.</summary>
    internal bool Intersects(ulong start, ulong end)
    {
        var i = FirstEndingAfter(start);
        return i < _ranges.Count && _ranges[i].Start < end;
    }

    /// <summary>Takes [start, end) out: it is filled, unmapped or discarded. Returns the pages that were in the set.</summary>
    internal long Remove(ulong start, ulong end)
    {
        long pages = 0;
        var i = FirstEndingAfter(start);
        while (i < _ranges.Count && _ranges[i].Start < end)
        {
            var range = _ranges[i];
            var cut = Cut(range, Math.Max(start, range.Start), Math.Min(end, range.End));
            pages += cut.Pages;
            _ranges.RemoveAt(i);
            if (cut.End < range.End)
            {
                _ranges.Insert(i, Cut(range, cut.End, range.End));
            }

            if (range.Start < cut.Start)
            {
                _ranges.Insert(i++, Cut(range, range.Start, cut.Start));
            }
        }

        return pages;
    }

    /// <summary>mremap: what was missing in [from, from + length) is missing at <paramref name="to"/> now, and what was there is gone.</summary>
    internal void Move(ulong from, ulong to, ulong length)
    {
        if (from == to)
        {
            return;
        }

        var moved = new List<LazyRange>();
        for (var i = FirstEndingAfter(from); i < _ranges.Count && _ranges[i].Start < from + length; i++)
        {
            moved.Add(Cut(_ranges[i], Math.Max(from, _ranges[i].Start), Math.Min(from + length, _ranges[i].End)));
        }

        Remove(from, from + length);
        Remove(to, to + length);
        foreach (var range in moved)
        {
            var start = range.Start - from + to;
            _ranges.Insert(FirstEndingAfter(start), new LazyRange(start, start + (range.End - range.Start), range.ImageStart));
        }
    }

    private static LazyRange Cut(LazyRange range, ulong start, ulong end) => new(start, end, range.ImageStart + (start - range.Start));

    private int FirstEndingAfter(ulong address)
    {
        int low = 0, high = _ranges.Count;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (_ranges[middle].End <= address)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}
