using System.Buffers.Binary;
using System.Security.Cryptography;
using ActorMigration.Contracts.Memory;

namespace ActorMigration.Host.Linux.Tracking;

/// <summary>
/// The outside observer of a migration: SHA-256 over (address, content) of every private page with content, of a process that
/// stands still. Taken of the source under the freeze and of the destination when all its pages are filled in, the two are
/// equal if and only if the memory is. It uses nothing of the rounds: the entries of pagemap and /proc/PID/mem only.
///
/// A page of zeros and no page are the same in anonymous memory, so they are left out; in a mapping of a file they are not
/// (without the page, the file shows), so there zeros count. Pages that only show a file are the file plane's, and so is an own copy in a program's
/// text that is what the file says: whoever injects a system call (this tracker, CRIU at the dump) leaves one behind.
/// </summary>
public static unsafe class MemoryDigest
{
    private const int ChunkBytes = 1 << 20;

    /// <summary>
    /// Digest of one stopped or frozen process. <paramref name="rseqAreas"/> are those of <see cref="RseqAreas.Find"/>, the same
    /// list on both hosts. Throws <see cref="LinuxException"/> when a page cannot be read.
    /// </summary>
    public static ProcessDigest Compute(int pid, IReadOnlyCollection<ulong> rseqAreas)
    {
        using var view = ProcessView.Open(pid, new ProcText()) ?? throw new LinuxException("open", $"/proc/{pid}/maps", Interop.Errno.ESRCH);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[ChunkBytes];
        var pages = 0L;
        foreach (var mapping in view.Mappings)
        {
            using var file = MappedFile.Of(pid, mapping);
            var (done, errno) = PagemapEntries.Walk(view.Pagemap, mapping.Start, mapping.End, entry => IsOwn(entry, mapping.HasFile), (start, end) =>
            {
                for (var address = start; address < end; address += ChunkBytes)
                {
                    var chunk = buffer.AsSpan(0, (int)Math.Min(ChunkBytes, end - address));
                    Read(view, address, chunk);
                    pages += Add(hash, address, chunk, mapping.HasFile, file, rseqAreas);
                }
            });
            if (errno != 0)
            {
                throw new LinuxException("pread", $"/proc/{pid}/pagemap at 0x{done:x}", errno);
            }
        }

        var pidInContainer = ProcTask.PidInContainer(pid) ?? throw new LinuxException("open", $"/proc/{pid}/status", Interop.Errno.ESRCH);
        return new ProcessDigest(pidInContainer, pages, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    private static bool IsOwn(ulong entry, bool hasFile)
        => (entry & (Interop.PagemapScan.PM_PRESENT | Interop.PagemapScan.PM_SWAP)) != 0 && !PagemapEntries.IsMarker(entry)
            && !(hasFile && (entry & Interop.PagemapScan.PM_FILE) != 0);

    private static void Read(ProcessView view, ulong address, Span<byte> into)
    {
        // SAFETY: at most the length of the pinned span is written.
        fixed (byte* buffer = into)
        {
            var read = Interop.PRead(view.Memory, buffer, (nuint)into.Length, (long)address);
            if (read != into.Length)
            {
                throw read < 0
                    ? LinuxException.FromLastError("pread", $"memory of task {view.Tid} at 0x{address:x}")
                    : new LinuxException("pread", $"memory of task {view.Tid} at 0x{address + (ulong)read:x}", Interop.Errno.EIO);
            }
        }
    }

    private static long Add(IncrementalHash hash, ulong address, Span<byte> chunk, bool hasFile, MappedFile? file, IReadOnlyCollection<ulong> rseqAreas)
    {
        foreach (var area in rseqAreas)
        {
            // Areas are aligned to 32 bytes, so none crosses a page.
            if (area >= address && area + RseqAreas.Bytes <= address + (ulong)chunk.Length)
            {
                chunk.Slice((int)(area - address), RseqAreas.Bytes).Clear();
            }
        }

        Span<byte> number = stackalloc byte[sizeof(ulong)];
        var pages = 0L;
        for (var offset = 0; offset < chunk.Length; offset += PageSize.Bytes)
        {
            var page = chunk.Slice(offset, PageSize.Bytes);
            if (hasFile ? file?.Shows(address + (ulong)offset, page) != true : !ZeroPages.IsZero(page))
            {
                BinaryPrimitives.WriteUInt64LittleEndian(number, address + (ulong)offset);
                hash.AppendData(number);
                hash.AppendData(page);
                pages++;
            }
        }

        return pages;
    }
}
