using ActorMigration.Contracts.Memory;
using ActorMigration.Host.Linux;
using ActorMigration.Host.Linux.Tracking;
using Microsoft.Win32.SafeHandles;

namespace ActorMigration.Linux.Tests.Tracking;

/// <summary>Scans of memory of our own, where every page's state is known.</summary>
public sealed unsafe class PageScannerSpec : IDisposable
{
    private readonly SafeFileHandle _pagemap = Interop.Open("/proc/self/pagemap", Interop.O_RDWR | Interop.O_CLOEXEC);
    private readonly PageScanner _scanner = new(ContainerTrackerSpec.Support.KnowsGuardPages);
    private readonly Userfault _userfault = new(new SafeFileHandle(
        Interop.SysCall(Interop.SYS_userfaultfd, Interop.O_CLOEXEC | Interop.O_NONBLOCK | Interop.Userfaultfd.UFFD_USER_MODE_ONLY, 0, 0), ownsHandle: true));
    private nint _memory;
    private nuint _length;

    public void Dispose()
    {
        _userfault.Dispose();
        _scanner.Dispose();
        _pagemap.Dispose();
        Assert.Equal(0, Interop.MUnmap(_memory, _length));
    }

    [Fact]
    public void A_range_that_is_registered_only_in_part_gives_what_was_written_there_once_and_without_an_error()
    {
        // As when the program puts a new mapping beside the tracked one, between its registration and the scan.
        var mapping = Map(8);
        Touch(8, step: 1);
        Assert.Equal(0, _userfault.Register(mapping.Start, mapping.Start + (4 * PageSize.Bytes)));

        Assert.Equal((4L, mapping.Start, mapping.Start + (4 * PageSize.Bytes)), Take(mapping));
        Assert.Equal(0, Take(mapping).Pages);

        ((byte*)_memory)[2 * PageSize.Bytes] = 9;
        ((byte*)_memory)[6 * PageSize.Bytes] = 9;
        Assert.Equal((1L, mapping.Start + (2 * PageSize.Bytes), mapping.Start + (3 * PageSize.Bytes)), Take(mapping));
    }

    [Fact]
    public void More_regions_than_one_call_returns_are_all_found()
    {
        const int Regions = (1 << 16) + 500;
        var mapping = Map(2 * Regions);
        Assert.Equal(0, _userfault.Register(mapping.Start, mapping.End));
        Touch(2 * Regions, step: 2);

        var existing = 0L;
        var last = 0UL;
        var (_, errno) = _scanner.FindExisting(_pagemap, mapping.Start, mapping.End, hasFile: false, region =>
        {
            Assert.True(region.Start >= last, "a page came twice");
            last = region.End;
            existing += ProcessRound.Pages(region.Start, region.End);
        });

        Assert.Equal((0, Regions), (errno, existing));
        Assert.Equal(Regions, Take(mapping).Pages);
        Assert.Equal(0, Take(mapping).Pages);
    }

    private (long Pages, ulong First, ulong End) Take(MemoryMapping mapping)
    {
        var (pages, first, end) = (0L, 0UL, 0UL);
        var (done, errno) = _scanner.TakeWritten(_pagemap, mapping, region =>
        {
            first = pages == 0 ? region.Start : first;
            end = region.End;
            pages += ProcessRound.Pages(region.Start, region.End);
        });
        Assert.Equal((mapping.End, 0), (done, errno));
        return (pages, first, end);
    }

    private MemoryMapping Map(int pages)
    {
        _length = (nuint)pages * PageSize.Bytes;
        _memory = Interop.MMap(0, _length, Interop.PROT_READ | Interop.PROT_WRITE, Interop.MAP_PRIVATE | Interop.MAP_ANONYMOUS, -1, 0);
        Assert.NotEqual(Interop.MAP_FAILED, _memory);
        return new MemoryMapping((ulong)_memory, (ulong)_memory + _length, MappingAccess.Read | MappingAccess.Write, HasFile: false, IsSpecial: false);
    }

    private void Touch(int pages, int step)
    {
        for (var page = 0; page < pages; page += step)
        {
            ((byte*)_memory)[(long)page * PageSize.Bytes] = 1;
        }
    }
}
