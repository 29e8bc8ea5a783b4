using System.Globalization;
using System.Text;

namespace ActorMigration.Host.Linux.Tracking;

/// <summary>
/// Looks through processes for what tracking cannot see. Asked by the preflight and again under the freeze, where nothing can
/// change any more: what appeared in between aborts the attempt.
/// </summary>
public static class TrackingHazards
{
    /// <summary>ELF header: the byte behind the magic says 1 for a 32-bit program.</summary>
    private const int ElfClassOffset = 4;

    /// <summary>All hazards of these host pids. A process that ends meanwhile has none.</summary>
    public static IReadOnlyList<TrackingHazard> Find(IEnumerable<int> pids)
    {
        var found = new List<TrackingHazard>();
        var text = new ProcText();
        foreach (var pid in pids)
        {
            var program = ProcTask.Program(pid);
            FindStates(pid, program, found);
            FindDescriptors(pid, program, found);
            FindMappings(pid, program, text, found);
        }

        return found;
    }

    private static void FindStates(int pid, string program, List<TrackingHazard> found)
    {
        foreach (var tid in ProcTask.Threads(pid))
        {
            if (ProcTask.Field($"/proc/{pid}/task/{tid}", "TracerPid") is { } tracer and not "0")
            {
                found.Add(new TrackingHazard(TrackingHazardKind.Traced, pid, program, null, $"thread {tid} is traced by process {tracer}", 0));
            }
        }

        try
        {
            using var file = File.OpenHandle($"/proc/{pid}/exe");
            Span<byte> header = stackalloc byte[ElfClassOffset + 1];
            if (RandomAccess.Read(file, header, 0) == header.Length && header[ElfClassOffset] == 1)
            {
                found.Add(new TrackingHazard(TrackingHazardKind.Compat32, pid, program, null, "the program is a 32-bit ELF file", 0));
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Ended, or its program file was removed together with its file system: then the other checks still apply.
        }
    }

    private static void FindDescriptors(int pid, string program, List<TrackingHazard> found)
    {
        foreach (var number in DescriptorLinks.Of(pid))
        {
            var path = $"/proc/{pid}/fd/{number}";
            if (DescriptorLinks.Read(path) is not { } link)
            {
                continue;
            }

            if (link == "anon_inode:[io_uring]")
            {
                found.Add(new TrackingHazard(TrackingHazardKind.IoUring, pid, program, number, link, 0));
            }
            else if (link == Interop.Userfaultfd.LinkName)
            {
                found.Add(new TrackingHazard(TrackingHazardKind.Userfaultfd, pid, program, number, link, 0));
            }
            else if (link.StartsWith("/memfd:", StringComparison.Ordinal))
            {
                found.Add(new TrackingHazard(TrackingHazardKind.SharedMemory, pid, program, number, link, Length(path)));
            }
            else if (link.StartsWith('/') && (Flags(pid, number) & Interop.O_DIRECT) != 0)
            {
                // Pipes have the same flag for packets; only what has a path does I/O past the page cache.
                found.Add(new TrackingHazard(TrackingHazardKind.DirectIo, pid, program, number, link, 0));
            }
        }
    }

    private static void FindMappings(int pid, string program, ProcText text, List<TrackingHazard> found)
    {
        ReadOnlySpan<byte> bytes;
        try
        {
            bytes = text.Read($"/proc/{pid}/task/{ProcTask.LiveThread(pid) ?? pid}/maps");
        }
        catch (LinuxException e) when (e.Errno is Interop.Errno.ENOENT or Interop.Errno.ESRCH)
        {
            return;
        }

        var maps = new MapsReader(bytes);
        while (maps.MoveNext())
        {
            var mapping = maps.Current;
            if ((mapping.Access & MappingAccess.Shared) == 0 || mapping.IsSpecial)
            {
                continue;
            }

            var detail = $"0x{mapping.Start:x}-0x{mapping.End:x} {Encoding.UTF8.GetString(maps.Path)}";
            var size = (long)(mapping.End - mapping.Start);
            if (maps.IsAioRing)
            {
                found.Add(new TrackingHazard(TrackingHazardKind.AioRing, pid, program, null, detail, 0));
            }
            else if (IsMemory(maps.Path))
            {
                found.Add(new TrackingHazard(TrackingHazardKind.SharedMemory, pid, program, null, detail, size));
            }
            else if ((mapping.Access & MappingAccess.Write) != 0 && mapping.HasFile && !maps.Path.StartsWith("anon_inode:"u8))
            {
                found.Add(new TrackingHazard(TrackingHazardKind.SharedWritableFile, pid, program, null, detail, size));
            }
        }
    }

    /// <summary>The names that the kernel gives to shared memory without a file that could be opened.</summary>
    private static bool IsMemory(ReadOnlySpan<byte> path)
        => path.StartsWith("/dev/zero (deleted)"u8) || path.StartsWith("/memfd:"u8) || path.StartsWith("/SYSV"u8) || path.StartsWith("[anon_shmem:"u8)
            || path.StartsWith("/anon_hugepage"u8);

    private static long Length(string path)
    {
        try
        {
            using var file = File.OpenHandle(path);
            return RandomAccess.GetLength(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Closed meanwhile, or sealed against opening: its size is then unknown, its presence is what counts.
            return 0;
        }
    }

    private static int Flags(int pid, int number)
    {
        try
        {
            foreach (var line in File.ReadLines($"/proc/{pid}/fdinfo/{number}"))
            {
                if (line.StartsWith("flags:", StringComparison.Ordinal))
                {
                    return Convert.ToInt32(line["flags:".Length..].Trim(), 8);
                }
            }
        }
        catch (IOException)
        {
            // The descriptor was closed meanwhile.
        }

        return 0;
    }
}
