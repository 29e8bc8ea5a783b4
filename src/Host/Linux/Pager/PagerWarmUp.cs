using ActorMigration.Contracts.Memory;
using ActorMigration.Host.Linux.Store;
using Microsoft.Win32.SafeHandles;
using static ActorMigration.Host.Linux.Interop.LazyFault;
using static ActorMigration.Host.Linux.Interop.Userfaultfd;

namespace ActorMigration.Host.Linux.Pager;

/// <summary>
/// Fills some pages of this process itself, by the same code, before anything is at stake: the runtime compiles on first use,
/// and the first use would be in the stop (tens of milliseconds). It also proves at start that this kernel lets us do it.
/// </summary>
internal static unsafe class PagerWarmUp
{
    private const int Pages = 4;
    private const ulong UFFDIO_REGISTER_MODE_MISSING = 1;

    /// <summary>pagemap-1.img of Pages lazy pages follows this head: both magics, and pagemap_head with pages_id 1.</summary>
    private static ReadOnlySpan<byte> ImageHead => [0x19, 0x43, 0x56, 0x54, 0x25, 0x40, 0x08, 0x56, 2, 0, 0, 0, 0x08, 1];

    /// <summary>
    /// Throws <see cref="LinuxException"/> when the kernel refuses. Its files are for a moment in <paramref name="store"/>: few disk
    /// file systems hold a file of 128 TiB, however sparse.
    /// </summary>
    internal static void Run(string store)
    {
        var directory = Path.Combine(store, $"warm-up.{Environment.ProcessId}");
        Directory.CreateDirectory(directory);
        const nuint length = Pages * PageSize.Bytes;
        var memory = Interop.MMap(0, length, Interop.PROT_READ | Interop.PROT_WRITE, Interop.MAP_PRIVATE | Interop.MAP_ANONYMOUS, -1, 0);
        try
        {
            WriteFiles(directory, (ulong)memory);
            using var log = EventLog.Create();
            using var engine = new FillEngine(directory, directory, log, afterAnother: false);
            Fill(engine, engine.Restored(1, Environment.ProcessId, Register((ulong)memory, length)), memory);
        }
        finally
        {
            _ = Interop.MUnmap(memory, length);
            Directory.Delete(directory, recursive: true);
        }
    }

    private static void Fill(FillEngine engine, LazySpace space, nint memory)
    {
        MappingFlags.Read(Environment.ProcessId);
        byte touched = 0;
        var toucher = new Thread(() => touched = *(byte*)memory) { IsBackground = true, Name = "warm-up" };
        toucher.Start();
        // Blocks in its fault until it is served here; a fault is a message that poll shows.
        while (engine.Counters.Faults == 0)
        {
            var polled = new Interop.Spawn.poll_fd { fd = space.Descriptor, events = Interop.Spawn.POLLIN };
            Interop.Spawn.Poll(&polled, 1, Timeout.Infinite);
            engine.ReadEvents(space);
            engine.RetryWaiting();
        }

        toucher.Join();
        while (engine.FillStep())
        {
            engine.ReadEvents(space);
        }

        if (touched != 1 || !engine.IsComplete || *(byte*)(memory + PageSize.Bytes) != 2)
        {
            throw new InvalidDataException($"the pager's own pages did not arrive: {touched}, {engine.Counters.Filled} of {engine.Counters.Total}");
        }
    }

    private static void WriteFiles(string directory, ulong memory)
    {
        var key = new ProcessKey(1, 0);
        using (var pages = File.OpenHandle(PageStore.PagesPath(directory, key), FileMode.Create, FileAccess.Write))
        {
            // At the offset of its address, as in a real store; the file is sparse.
            RandomAccess.Write(pages, [1], (long)memory);
            RandomAccess.Write(pages, [2], (long)memory + PageSize.Bytes);
            RandomAccess.SetLength(pages, (long)memory + (2 * PageSize.Bytes));
        }

        VersionsFile.Write(PageStore.VersionsPath(directory, key), [new StoredRun(memory, 2, 0, IsZero: false), new StoredRun(memory + (2 * PageSize.Bytes), 2, 0, IsZero: true)]);
        using var image = new FileStream(Criu.Images.PagemapImage.PathOf(directory, 1), FileMode.Create);
        image.Write(ImageHead);
        image.Write(PagemapEntry(memory));
    }

    /// <summary>Length, then vaddr, compat_nr_pages, flags = PE_LAZY and nr_pages.</summary>
    private static byte[] PagemapEntry(ulong memory)
    {
        var message = new List<byte> { 0x08 };
        for (; memory >= 0x80; memory >>= 7)
        {
            message.Add((byte)(memory | 0x80));
        }

        message.AddRange([(byte)memory, 0x10, Pages, 0x20, 2, 0x28, Pages]);
        return [(byte)message.Count, 0, 0, 0, .. message];
    }

    private static SafeFileHandle Register(ulong memory, nuint length)
    {
        var userfault = OpenUserfault(Interop.O_CLOEXEC | Interop.O_NONBLOCK | UFFD_USER_MODE_ONLY);
        var api = new uffdio_api { api = UFFD_API };
        var register = new uffdio_register { start = memory, len = length, mode = UFFDIO_REGISTER_MODE_MISSING };
        return !userfault.IsInvalid && Interop.IoCtl(userfault, UFFDIO_API, &api) == 0 && Interop.IoCtl(userfault, UFFDIO_REGISTER, &register) == 0
            ? userfault
            : throw LinuxException.FromLastError("userfaultfd", "this process, in missing mode");
    }
}
