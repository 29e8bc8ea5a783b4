using ActorMigration.Contracts.Memory;
using Microsoft.Win32.SafeHandles;

namespace ActorMigration.Host.Linux.Tracking;

/// <summary>
/// Whether this kernel can say which pages were written (asynchronous userfaultfd write protection and PAGEMAP_SCAN, both
/// Linux 6.7). Asked once at start; without it containers are copied under the freeze.
/// </summary>
public sealed record TrackingSupport
{
    private const int ProbePages = 3;

    /// <summary>True when rounds are possible.</summary>
    public bool IsSupported => WhyNot is null;

    /// <summary>What is missing, as a sentence for the operator; null when nothing is.</summary>
    public required string? WhyNot { get; init; }

    /// <summary>False on kernels on which existing pages must be read entry by entry.</summary>
    public required bool HasPagemapScan { get; init; }

    /// <summary>Linux 6.15 and later.</summary>
    public required bool KnowsGuardPages { get; init; }

    /// <summary>The same kernel with tracking switched off by the operator.</summary>
    public TrackingSupport SwitchedOff() => this with { WhyNot = WhyNot ?? "it is switched off (amig.tracking)" };

    /// <summary>Tries all of it on memory of our own: registers, writes one page of three, and asks which was written.</summary>
    public static unsafe TrackingSupport Probe()
    {
        const int length = ProbePages * PageSize.Bytes;
        var address = Interop.MMap(0, length, Interop.PROT_READ | Interop.PROT_WRITE, Interop.MAP_PRIVATE | Interop.MAP_ANONYMOUS | Interop.MAP_POPULATE, -1, 0);
        if (address == Interop.MAP_FAILED)
        {
            throw LinuxException.FromLastError("mmap", "memory to try tracking on");
        }

        try
        {
            return Probe((byte*)address);
        }
        finally
        {
            _ = Interop.MUnmap(address, length);
        }
    }

    private static unsafe TrackingSupport Probe(byte* memory)
    {
        using var pagemap = Interop.Open("/proc/self/pagemap", Interop.O_RDWR | Interop.O_CLOEXEC);
        if (pagemap.IsInvalid)
        {
            throw LinuxException.FromLastError("open", "/proc/self/pagemap");
        }

        var mapping = new MemoryMapping((ulong)memory, (ulong)memory + (ProbePages * PageSize.Bytes), MappingAccess.Read | MappingAccess.Write, HasFile: false, IsSpecial: false);
        var hasScan = Existing(pagemap, mapping, knowsGuard: false) == ProbePages;
        var knowsGuard = hasScan && Existing(pagemap, mapping, knowsGuard: true) == ProbePages;
        return new TrackingSupport
        {
            HasPagemapScan = hasScan,
            KnowsGuardPages = knowsGuard,
            WhyNot = hasScan ? TryTracking(memory, pagemap, mapping, knowsGuard) : "the kernel has no PAGEMAP_SCAN (Linux 6.7)",
        };
    }

    private static long Existing(SafeFileHandle pagemap, MemoryMapping mapping, bool knowsGuard)
    {
        using var scanner = new PageScanner(knowsGuard);
        var pages = 0L;
        var (_, errno) = scanner.FindExisting(pagemap, mapping.Start, mapping.End, mapping.HasFile, region => pages += ProcessRound.Pages(region.Start, region.End));
        return errno == 0 ? pages : -1;
    }

    private static unsafe string? TryTracking(byte* memory, SafeFileHandle pagemap, MemoryMapping mapping, bool knowsGuard)
    {
        var descriptor = Interop.SysCall(Interop.SYS_userfaultfd, Interop.O_CLOEXEC | Interop.O_NONBLOCK | Interop.Userfaultfd.UFFD_USER_MODE_ONLY, 0, 0);
        if (descriptor < 0)
        {
            return LinuxException.FromLastError("userfaultfd", "this kernel").Message;
        }

        var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        try
        {
            using var userfault = new Userfault(handle);
            var errno = userfault.Register(mapping.Start, mapping.End);
            if (errno != 0)
            {
                return new LinuxException("UFFDIO_REGISTER", "memory of our own", errno).Message;
            }

            using var scanner = new PageScanner(knowsGuard);
            var first = Written(scanner, pagemap, mapping);
            memory[PageSize.Bytes] = 1;
            var second = Written(scanner, pagemap, mapping);
            return (first, second) == (ProbePages, 1)
                ? null
                : $"of {ProbePages} new pages the kernel said {first} were written, and {second} after a write to one";
        }
        catch (LinuxException e)
        {
            return e.Message;
        }
        finally
        {
            handle.Dispose();
        }
    }

    private static long Written(PageScanner scanner, SafeFileHandle pagemap, MemoryMapping mapping)
    {
        var pages = 0L;
        var (_, errno) = scanner.TakeWritten(pagemap, mapping, region => pages += ProcessRound.Pages(region.Start, region.End));
        return errno == 0 ? pages : -errno;
    }
}
