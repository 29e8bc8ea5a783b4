using System.Globalization;
using System.Runtime.InteropServices;
using ActorMigration.Contracts.Memory;
using ActorMigration.Host.Linux.Criu.Images;
using ActorMigration.Host.Linux.Tracking;

namespace ActorMigration.Host.Linux.Criu;

/// <summary>
/// Keeps the pages of private anonymous memory away from a dump, and puts them into its pagemap images afterwards. CRIU's --lazy-pages leaves their content out of
/// the images, but takes each of them into a pipe first: about 130 ms of the stop per GiB, for nothing. The library src/Host/Native/skeleton.c, preloaded into criu, takes out of
/// the answers of PAGEMAP_SCAN what lies in the ranges that are named here, and writes down what it took out. So the images come out as if CRIU had seen every page (the
/// same scan, the same categories), and the stop no longer grows with them.
///
/// The library also gives CRIU what <see cref="ReadMappings"/> has read: /proc/PID/smaps, for which the kernel counts all pages.
///
/// Not hidden: pages around the stack pointers, which CRIU carries itself; processes with locked memory, which CRIU never takes for lazy; everything with a file.
/// Used by <see cref="SkeletonDump"/> on a frozen container.
/// </summary>
internal sealed class SkeletonPages
{
    private const string DirectoryVariable = "AMIG_SKELETON";
    private const string LibraryName = "amig-skeleton.so";

    private readonly string _directory;
    private readonly string _library;
    private readonly Dictionary<int, int> _pidsInContainer = [];

    private SkeletonPages(string directory, string library)
    {
        _directory = directory;
        _library = library;
    }

    /// <summary>The library beside this program; null where it was built without a C compiler. Then dumps work as well, and take longer.</summary>
    internal static string? Library { get; } = Path.Combine(AppContext.BaseDirectory, LibraryName) is var path && File.Exists(path) ? path : null;

    /// <summary>For criu's environment.</summary>
    internal IReadOnlyList<string> Environment => [$"LD_PRELOAD={_library}", $"{DirectoryVariable}={_directory}"];

    /// <summary>Makes the directory, or null when there is no library.</summary>
    internal static SkeletonPages? In(string directory, string? library)
    {
        if (library is null)
        {
            return null;
        }

        Directory.CreateDirectory(directory);
        return new SkeletonPages(directory, library);
    }

    /// <summary>
    /// Reads what CRIU will ask for of one process, under the freeze and when its mappings have been registered for the last time, which may join neighbours.
    /// <see cref="DropStaleMappings"/> makes sure of it.
    /// </summary>
    internal void ReadMappings(int pid)
    {
        if (ProcTask.LiveThread(pid) != pid)
        {
            return;
        }

        try
        {
            // Under another name until it is whole: a part of it would be a process with less memory.
            File.WriteAllBytes(PathOf(pid, "part"), new ProcText().Read($"/proc/{pid}/smaps"));
            File.Move(PathOf(pid, "part"), PathOf(pid, "smaps"));
        }
        catch (IOException)
        {
            // No room, or a process that cannot be looked at: CRIU reads for itself and says what is wrong.
        }
    }

    /// <summary>
    /// After the last scan, just before the dump: takes away what was read while borders moved. CRIU opens files by the borders of their mappings and takes a
    /// mapping whose file it does not find for anonymous memory, so every line has to be as the kernel has it now.
    /// </summary>
    internal void DropStaleMappings()
    {
        var text = new ProcText();
        foreach (var path in Directory.EnumerateFiles(_directory, "*.smaps"))
        {
            if (!SmapsAgree(File.ReadAllBytes(path), text.Read($"/proc/{Path.GetFileNameWithoutExtension(path)}/maps")))
            {
                File.Delete(path);
            }
        }
    }

    /// <summary>True when the first lines of all mappings in <paramref name="smaps"/> are exactly <paramref name="maps"/>. Lines between them begin with a capital letter.</summary>
    internal static bool SmapsAgree(ReadOnlySpan<byte> smaps, ReadOnlySpan<byte> maps)
    {
        foreach (var range in smaps.Split((byte)'\n'))
        {
            var line = smaps[range];
            if (line.IsEmpty || line[0] is >= (byte)'A' and <= (byte)'Z')
            {
                continue;
            }

            if (maps.Length <= line.Length || !maps.StartsWith(line) || maps[line.Length] != (byte)'\n')
            {
                return false;
            }

            maps = maps[(line.Length + 1)..];
        }

        return maps.IsEmpty;
    }

    /// <summary>Before the dump, all of <paramref name="pids"/> frozen: says what is to be hidden of each.</summary>
    internal void Hide(IEnumerable<int> pids)
    {
        foreach (var pid in pids)
        {
            if (ProcTask.PidInContainer(pid) is { } pidInContainer && RangesOf(pid) is { Count: > 0 } ranges)
            {
                _pidsInContainer[pid] = pidInContainer;
                File.WriteAllBytes(PathOf(pid, "hide"), MemoryMarshal.AsBytes<ulong>(ranges.SelectMany(range => (ulong[])[range.Start, range.End]).ToArray()));
            }
        }
    }

    /// <summary>After the dump: adds the hidden pages to the pagemap images, as lazy ones.</summary>
    /// <exception cref="CriuImageException">The images are not as CRIU writes them; then they are of no use.</exception>
    internal void Complete(string images)
    {
        foreach (var (pid, pidInContainer) in _pidsInContainer)
        {
            var path = PathOf(pid, "hidden");
            if (!File.Exists(path))
            {
                // CRIU found no page in any of the ranges.
                continue;
            }

            // A page may be there twice, and may have been seen as well: CRIU looks at small mappings together and at large ones once more.
            var bytes = File.ReadAllBytes(path);
            var numbers = MemoryMarshal.Cast<byte, ulong>(bytes);
            var hidden = new PagemapEntry[numbers.Length / 2];
            var isWhole = bytes.Length == hidden.Length * 2 * sizeof(ulong);
            for (var i = 0; isWhole && i < hidden.Length; i++)
            {
                var (start, end) = (numbers[2 * i], numbers[(2 * i) + 1]);
                isWhole = start < end && ((start | end) & (PageSize.Bytes - 1)) == 0;
                hidden[i] = new PagemapEntry(start, (long)((end - start) >> PageSize.Shift), PagemapFlags.Lazy);
            }

            if (!isWhole)
            {
                throw new CriuImageException(Path.GetFileName(path), "what was hidden from CRIU is not a list of runs of pages");
            }

            var image = PagemapImage.Read(images, pidInContainer).WithLazy(hidden);
            File.WriteAllBytes(PagemapImage.PathOf(images, pidInContainer), image.ToBytes());
        }
    }

    /// <summary>Private anonymous mappings without the pages that a stack pointer is in or just above of; empty where CRIU would carry pages itself.</summary>
    private static List<(ulong Start, ulong End)> RangesOf(int pid)
    {
        var ranges = new List<(ulong Start, ulong End)>();
        if (ProcTask.LiveThread(pid) is not { } tid || ProcTask.Field($"/proc/{pid}/task/{tid}", "VmLck") is not "0 kB" || StackPages(pid) is not { } stackPages)
        {
            return ranges;
        }

        var maps = new MapsReader(new ProcText().Read($"/proc/{pid}/task/{tid}/maps"));
        var next = 0;
        while (maps.MoveNext())
        {
            if (maps.Current is not { IsWanted: true, HasFile: false } mapping)
            {
                continue;
            }

            var start = mapping.Start;
            for (; next < stackPages.Count && stackPages[next] < mapping.End; next++)
            {
                if (stackPages[next] > start)
                {
                    ranges.Add((start, stackPages[next]));
                }

                start = Math.Max(start, stackPages[next] + PageSize.Bytes);
            }

            if (start < mapping.End)
            {
                ranges.Add((start, mapping.End));
            }
        }

        return ranges;
    }

    /// <summary>Ascending, twice where threads share them; null when a thread cannot be looked at.</summary>
    private static List<ulong>? StackPages(int pid)
    {
        var pages = new List<ulong>();
        foreach (var tid in ProcTask.Threads(pid))
        {
            var directory = $"/proc/{pid}/task/{tid}";
            if (ProcTask.Read(directory) is null or { IsDead: true })
            {
                continue;
            }

            if (SleepingCall.Of(directory) is not { StackPointer: > PageSize.Bytes } call)
            {
                return null;
            }

            // A stack pointer at a border belongs to the page below as well.
            var page = call.StackPointer & ~(ulong)(PageSize.Bytes - 1);
            pages.Add(page - PageSize.Bytes);
            pages.Add(page);
        }

        pages.Sort();
        return pages;
    }

    private string PathOf(int pid, string kind) => Path.Combine(_directory, string.Create(CultureInfo.InvariantCulture, $"{pid}.{kind}"));
}
