using ActorMigration.Contracts.Memory;
using ActorMigration.Host.Linux.Store;
using Microsoft.Win32.SafeHandles;
using static ActorMigration.Host.Linux.Interop.LazyFault;

namespace ActorMigration.Host.Linux.Pager;

/// <summary>What the store holds for a piece of missing memory.</summary>
internal enum StoredKind
{
    /// <summary>Content in the file.</summary>
    Data,

    /// <summary>Pages that read as zero by the source's word.</summary>
    Zero,

    /// <summary>Content that was punched out behind an earlier fill: the destination had these pages already.</summary>
    Punched,

    /// <summary>Nothing: the page must never be served.</summary>
    Missing,
}

/// <summary>The sealed files of one address space, as the pager reads them. Forked children share their parent's.</summary>
internal sealed unsafe class StoredPages : IDisposable
{
    private readonly SafeFileHandle _file;
    private readonly StoredRun[] _runs;
    private readonly string _path;

    private StoredPages(string path, SafeFileHandle file, StoredRun[] runs)
    {
        _path = path;
        _file = file;
        _runs = runs;
    }

    /// <summary>Living address spaces that may still need a page of these files; only a sole user lets pages be punched.</summary>
    internal int Users { get; set; }

    /// <summary>
    /// Opens the newest generation of a pid: an older one belonged to an address space that is gone, and the store check has
    /// compared exactly the newest with the index.
    /// </summary>
    internal static StoredPages Open(string directory, int pid, bool mayBeAbsent)
    {
        var generation = -1;
        foreach (var path in Directory.EnumerateFiles(directory, $"{pid}.*.versions"))
        {
            var name = Path.GetFileName(path);
            generation = Math.Max(generation, int.Parse(name[(name.IndexOf('.') + 1)..name.LastIndexOf('.')], System.Globalization.CultureInfo.InvariantCulture));
        }

        if (generation < 0 && mayBeAbsent)
        {
            return new StoredPages(directory, new SafeFileHandle(-1, ownsHandle: false), []);
        }

        if (generation < 0)
        {
            throw new FileNotFoundException($"the page store {directory} has nothing of process {pid}");
        }

        var key = new ProcessKey(pid, generation);
        var pages = PageStore.PagesPath(directory, key);
        var file = Interop.Open(pages, Interop.O_RDWR | Interop.O_CLOEXEC);
        return !file.IsInvalid
            ? new StoredPages(pages, file, VersionsFile.Read(PageStore.VersionsPath(directory, key)))
            : throw LinuxException.FromLastError("open", pages);
    }

    /// <summary>What is at <paramref name="address"/> of the images, and for how many bytes at most <paramref name="length"/> that holds.</summary>
    internal (StoredKind Kind, ulong Length) Look(ulong address, ulong length, bool mayBePunched)
    {
        int low = 0, high = _runs.Length;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (_runs[middle].End <= address)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        if (low == _runs.Length || _runs[low].Address > address)
        {
            return (StoredKind.Missing, PageSize.Bytes);
        }

        var isZero = _runs[low].IsZero;
        var end = _runs[low].End;
        for (var next = low + 1; next < _runs.Length && end - address < length && _runs[next].Address == end && _runs[next].IsZero == isZero; next++)
        {
            // Rounds differ, kinds do not: one copy for both.
            end = _runs[next].End;
        }

        length = Math.Min(length, end - address);
        return isZero ? (StoredKind.Zero, length) : mayBePunched ? LookForHole(address, length) : (StoredKind.Data, length);
    }

    internal void Read(ulong address, Span<byte> into)
    {
        fixed (byte* bytes = into)
        {
            for (var done = 0; done < into.Length;)
            {
                var read = Interop.PRead(_file, bytes + done, (nuint)(into.Length - done), (long)address + done);
                if (read <= 0)
                {
                    throw read == 0 ? new EndOfStreamException($"{_path} ends before 0x{address:x}") : LinuxException.FromLastError("pread", _path);
                }

                done += (int)read;
            }
        }
    }

    /// <summary>Gives the memory of content back that the destination has.</summary>
    internal void Punch(ulong address, ulong length)
    {
        const int mode = Interop.Tmpfs.FALLOC_FL_PUNCH_HOLE | Interop.Tmpfs.FALLOC_FL_KEEP_SIZE;
        if (Interop.Tmpfs.Fallocate(_file, mode, (long)address, (long)length) != 0)
        {
            throw LinuxException.FromLastError("fallocate", _path);
        }
    }

    public void Dispose() => _file.Dispose();

    private (StoredKind Kind, ulong Length) LookForHole(ulong address, ulong length)
    {
        var data = Interop.Tmpfs.LSeek(_file, (long)address, SEEK_DATA);
        if (data < 0 || (ulong)data >= address + length)
        {
            // -1 is ENXIO: no data up to the end of the file.
            return (StoredKind.Punched, length);
        }

        if ((ulong)data > address)
        {
            return (StoredKind.Punched, (ulong)data - address);
        }

        var hole = Interop.Tmpfs.LSeek(_file, (long)address, SEEK_HOLE);
        return (StoredKind.Data, hole < 0 ? length : Math.Min(length, (ulong)hole - address));
    }
}
