using ActorMigration.Contracts.Memory;
using Microsoft.Win32.SafeHandles;

namespace ActorMigration.Host.Linux.Store;

/// <summary>
/// The destination's memory of one attempt until the pager has put it into the restored processes: a tmpfs of its own with one
/// sparse file per address space, in which a page lies at the offset of its address. Filled by the receivers (one thread per
/// stream; calls for one process may come from several), sealed under the freeze, then read by the pager from its files alone.
/// </summary>
public sealed class PageStore : IPageSink, IDisposable
{
    /// <summary>Bytes between two looks at how much the tmpfs holds: a page that is sent again takes no new memory.</summary>
    private const long MeasureEveryBytes = 16L << 20;

    private readonly Lock _gate = new();
    private readonly Dictionary<ProcessKey, Space> _spaces = [];
    private readonly Reservation _reservation;
    private long _writtenSinceMeasure;

    private PageStore(string directory, Reservation reservation, bool neverSwapped)
    {
        DirectoryPath = directory;
        _reservation = reservation;
        NeverSwapped = neverSwapped;
    }

    /// <summary>The mount point.</summary>
    public string DirectoryPath { get; }

    /// <summary>False on kernels before 6.4: the store may reach a swap device, and the operator is told so.</summary>
    public bool NeverSwapped { get; }

    /// <summary>Mounts the store of an attempt, of the size that it reserved.</summary>
    public static PageStore Create(string directory, Reservation reservation)
        => new(directory, reservation, StoreMount.Mount(directory, reservation.Bytes));

    /// <summary>Path of the pages of an address space in a store.</summary>
    public static string PagesPath(string directory, ProcessKey process) => Path.Combine(directory, $"{process}.pages");

    /// <summary>Path of its versions, written by <see cref="Seal"/>.</summary>
    public static string VersionsPath(string directory, ProcessKey process) => Path.Combine(directory, $"{process}.versions");

    public void Pages(ProcessKey process, ulong address, ReadOnlySpan<byte> pages, int round)
    {
        var space = SpaceOf(process);
        Write(space, process, address, pages);
        lock (_gate)
        {
            space.Versions.Set(address, pages.Length / PageSize.Bytes, round, isZero: false);
            _writtenSinceMeasure += pages.Length;
            if (_writtenSinceMeasure >= MeasureEveryBytes)
            {
                _writtenSinceMeasure = 0;
                _reservation.SetUsed(Used());
            }
        }
    }

    public void Zero(ProcessKey process, ulong address, long pageCount, int round)
    {
        var space = SpaceOf(process);
        const int mode = Interop.Tmpfs.FALLOC_FL_PUNCH_HOLE | Interop.Tmpfs.FALLOC_FL_KEEP_SIZE;
        if (Interop.Tmpfs.Fallocate(space.File, mode, (long)address, pageCount << PageSize.Shift) != 0)
        {
            throw LinuxException.FromLastError("fallocate", $"page store of process {process}");
        }

        lock (_gate)
        {
            space.Versions.Set(address, pageCount, round, isZero: true);
        }
    }

    public void Gone(ProcessKey process)
    {
        lock (_gate)
        {
            if (_spaces.Remove(process, out var space))
            {
                space.File.Dispose();
                File.Delete(PagesPath(DirectoryPath, process));
            }
        }
    }

    /// <summary>
    /// Writes the versions beside the pages. Called once the stream is complete; afterwards the store is only read.
    /// </summary>
    public void Seal()
    {
        lock (_gate)
        {
            foreach (var (process, space) in _spaces)
            {
                VersionsFile.Write(VersionsPath(DirectoryPath, process), space.Versions.Runs());
            }
        }
    }

    /// <summary>Versions of one address space, or null when the store has none of it; for <see cref="StoreCheck"/>.</summary>
    internal PageVersions? VersionsOf(ProcessKey process)
    {
        lock (_gate)
        {
            return _spaces.GetValueOrDefault(process)?.Versions;
        }
    }

    /// <summary>Closes the files and leaves the store to the pager.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            foreach (var space in _spaces.Values)
            {
                space.File.Dispose();
            }

            _spaces.Clear();
        }
    }

    /// <summary>Gives the memory of a store back: after the fill, after an abort, or what a dead daemon left at this path.</summary>
    public static void Wipe(string directory) => StoreMount.Unmount(directory);

    /// <summary>Bytes that the store takes from the host now.</summary>
    public long Used()
    {
        var drive = new DriveInfo(DirectoryPath);
        return drive.TotalSize - drive.TotalFreeSpace;
    }

    private Space SpaceOf(ProcessKey process)
    {
        lock (_gate)
        {
            if (!_spaces.TryGetValue(process, out var space))
            {
                var path = PagesPath(DirectoryPath, process);
                var file = Interop.Open(path, Interop.O_RDWR | Interop.O_CREAT | Interop.O_EXCL | Interop.O_CLOEXEC, 0x180 /* 0600 */);
                if (file.IsInvalid)
                {
                    throw LinuxException.FromLastError("open", path);
                }

                space = new Space(file, new PageVersions());
                _spaces.Add(process, space);
            }

            return space;
        }
    }

    private unsafe void Write(Space space, ProcessKey process, ulong address, ReadOnlySpan<byte> pages)
    {
        // SAFETY: the span is fixed for the call and pwrite reads no more than its length.
        fixed (byte* bytes = pages)
        {
            for (var done = 0; done < pages.Length;)
            {
                var written = Interop.PWrite(space.File, bytes + done, (nuint)(pages.Length - done), (long)address + done);
                if (written <= 0)
                {
                    var failure = LinuxException.FromLastError("pwrite", $"page store of process {process} at 0x{address:x}");
                    throw failure.Errno == Interop.Errno.ENOSPC
                        ? new StoreFullException($"the page store {DirectoryPath} is full: the attempt reserved {_reservation.Bytes >> 20} MiB and the container has more")
                        : failure;
                }

                done += (int)written;
            }
        }
    }

    private sealed record Space(SafeFileHandle File, PageVersions Versions);
}
