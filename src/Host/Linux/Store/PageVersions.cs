using ActorMigration.Contracts.Memory;

namespace ActorMigration.Host.Linux.Store;

/// <summary>Consecutive pages of a store with the same version and kind.</summary>
/// <param name="Address">Of the first page.</param>
/// <param name="PageCount">At least 1.</param>
/// <param name="Round">The round that sent them.</param>
/// <param name="IsZero">True when they read as zero and have no content in the file.</param>
internal readonly record struct StoredRun(ulong Address, long PageCount, int Round, bool IsZero)
{
    internal ulong End => Address + ((ulong)PageCount << PageSize.Shift);
}

/// <summary>
/// Which round each page of one address space came from, 4 bytes a page at worst and some 40 bytes per 2 MiB where a whole
/// block has one version. Not thread-safe: the store guards it.
/// </summary>
internal sealed class PageVersions
{
    /// <summary>Pages of a block: 2 MiB, the kernel's huge page, so that fresh heaps become uniform blocks.</summary>
    private const int BlockPages = 512;

    private const int BlockShift = 9;
    private const uint Absent = 0;

    private readonly Dictionary<ulong, Block> _blocks = [];

    /// <summary>Sets pages to a round.</summary>
    internal void Set(ulong address, long pageCount, int round, bool isZero)
    {
        var value = Pack(round, isZero);
        var page = address >> PageSize.Shift;
        while (pageCount > 0)
        {
            var first = (int)(page & (BlockPages - 1));
            var count = (int)Math.Min(BlockPages - first, pageCount);
            var key = page >> BlockShift;
            if (count == BlockPages)
            {
                _blocks[key] = new Block(value, null);
            }
            else
            {
                SetPart(key, first, count, value);
            }

            page += (ulong)count;
            pageCount -= count;
        }
    }

    /// <summary>Version of the page at <paramref name="address"/>, or null when none was stored.</summary>
    internal (int Round, bool IsZero)? Find(ulong address)
    {
        var page = address >> PageSize.Shift;
        return _blocks.TryGetValue(page >> BlockShift, out var block) && block.At((int)(page & (BlockPages - 1))) is var value and not Absent
            ? (RoundOf(value), IsZeroValue(value))
            : null;
    }

    /// <summary>First address in the range whose page is not stored at exactly <paramref name="round"/>, or null when all are.</summary>
    internal ulong? FirstOther(ulong address, long pageCount, int round)
    {
        var page = address >> PageSize.Shift;
        for (var end = page + (ulong)pageCount; page < end;)
        {
            var first = (int)(page & (BlockPages - 1));
            var count = (int)Math.Min((ulong)(BlockPages - first), end - page);
            if (!_blocks.TryGetValue(page >> BlockShift, out var block))
            {
                return page << PageSize.Shift;
            }

            for (var i = 0; i < (block.Pages is null ? 1 : count); i++)
            {
                if (block.At(first + i) is var value && (value == Absent || RoundOf(value) != round))
                {
                    return (page + (ulong)i) << PageSize.Shift;
                }
            }

            page += (ulong)count;
        }

        return null;
    }

    /// <summary>All pages, ascending, merged.</summary>
    internal IEnumerable<StoredRun> Runs()
    {
        var start = 0UL;
        var end = 0UL;
        var current = Absent;
        foreach (var (key, block) in _blocks.OrderBy(entry => entry.Key))
        {
            for (var i = 0; i < BlockPages; i += block.Pages is null ? BlockPages : 1)
            {
                var page = (key << BlockShift) + (ulong)i;
                var value = block.At(i);
                if (value != current || page != end)
                {
                    if (current != Absent)
                    {
                        yield return Run(start, end, current);
                    }

                    (start, current) = (page, value);
                }

                end = page + (block.Pages is null ? BlockPages : 1UL);
            }
        }

        if (current != Absent)
        {
            yield return Run(start, end, current);
        }
    }

    private static StoredRun Run(ulong start, ulong end, uint value)
        => new(start << PageSize.Shift, (long)(end - start), RoundOf(value), IsZeroValue(value));

    private void SetPart(ulong key, int first, int count, uint value)
    {
        var block = _blocks.GetValueOrDefault(key);
        if (block.Pages is null)
        {
            if (block.Uniform == value)
            {
                return;
            }

            var pages = new uint[BlockPages];
            Array.Fill(pages, block.Uniform);
            block = new Block(Absent, pages);
            _blocks[key] = block;
        }

        block.Pages.AsSpan(first, count).Fill(value);
    }

    // Round + 1 in the upper bits, so that 0 means "no page"; the lowest bit says zero page.
    private static uint Pack(int round, bool isZero) => ((uint)(round + 1) << 1) | (isZero ? 1u : 0u);

    private static int RoundOf(uint value) => (int)(value >> 1) - 1;

    private static bool IsZeroValue(uint value) => (value & 1) != 0;

    private readonly record struct Block(uint Uniform, uint[]? Pages)
    {
        internal uint At(int page) => Pages is null ? Uniform : Pages[page];
    }
}
