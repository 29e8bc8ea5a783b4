using ActorMigration.Contracts.Memory;

namespace ActorMigration.Linux.Tests.Tracking;

/// <summary>A destination in memory: keeps the last version of each page that it was given, as the page store does.</summary>
internal sealed class PageRecorder : IPageSink
{
    private readonly Dictionary<ProcessKey, Dictionary<ulong, (int Round, byte[]? Content)>> _processes = [];

    internal List<ProcessKey> Ended { get; } = [];

    public void Pages(ProcessKey process, ulong address, ReadOnlySpan<byte> pages, int round)
    {
        Assert.InRange(pages.Length, PageSize.Bytes, IPageSink.MaxRunBytes);
        Assert.Equal(0, pages.Length % PageSize.Bytes);
        for (var offset = 0; offset < pages.Length; offset += PageSize.Bytes)
        {
            Of(process)[address + (ulong)offset] = (round, pages.Slice(offset, PageSize.Bytes).ToArray());
        }
    }

    public void Zero(ProcessKey process, ulong address, long pageCount, int round)
    {
        for (var i = 0L; i < pageCount; i++)
        {
            Of(process)[address + ((ulong)i << PageSize.Shift)] = (round, null);
        }
    }

    public void Gone(ProcessKey process)
    {
        Ended.Add(process);
        _processes.Remove(process);
    }

    /// <summary>The page at its last version; null when it was never sent.</summary>
    internal (int Round, byte[]? Content)? Find(ProcessKey process, ulong address)
        => _processes.TryGetValue(process, out var pages) && pages.TryGetValue(address, out var page) ? page : null;

    private Dictionary<ulong, (int Round, byte[]? Content)> Of(ProcessKey process)
        => _processes.TryGetValue(process, out var pages) ? pages : _processes[process] = [];
}
