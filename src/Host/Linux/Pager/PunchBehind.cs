using System.Runtime.InteropServices;
using ActorMigration.Contracts.Memory;

namespace ActorMigration.Host.Linux.Pager;

/// <summary>
/// Gives store memory back behind the fill, so that the host needs the container's memory once and a window, not twice. A page
/// is punched only when the destination's own pagemap shows it present or swapped: "served" is not "arrived".
/// </summary>
internal sealed class PunchBehind(StoredPages source, int hostPid)
{
    /// <summary>Bytes that wait before a look at the pagemap: the window by which store and process overlap.</summary>
    internal const ulong WindowBytes = 64UL << 20;

    /// <summary>Bits of /proc/PID/pagemap: present in memory, or in swap.</summary>
    private const ulong PresentOrSwapped = 3UL << 62;

    private const int EntriesPerRead = 4096;

    private readonly List<LazyRange> _filled = [];
    private ulong _bytes;

    /// <summary>True when a look is due.</summary>
    internal bool IsDue => _bytes >= WindowBytes;

    internal void Add(ulong start, ulong imageStart, ulong length)
    {
        _bytes += length;
        if (_filled.Count > 0 && _filled[^1] is var last && last.End == start && last.ImageStart + (last.End - last.Start) == imageStart)
        {
            _filled[^1] = last with { End = start + length };
            return;
        }

        _filled.Add(new LazyRange(start, start + length, imageStart));
    }

    /// <summary>Punches what is surely there. Without a pid, or with other users of the same files, nothing is given back before the end.</summary>
    internal void Run()
    {
        if (hostPid > 0 && source.Users == 1)
        {
            try
            {
                using var pagemap = File.OpenHandle($"/proc/{hostPid}/pagemap");
                foreach (var range in _filled)
                {
                    Punch(pagemap, range);
                }
            }
            catch (IOException)
            {
                // The process has just ended: nobody needs the pages, and the store goes as a whole.
            }
        }

        _filled.Clear();
        _bytes = 0;
    }

    private void Punch(Microsoft.Win32.SafeHandles.SafeFileHandle pagemap, LazyRange range)
    {
        Span<ulong> entries = stackalloc ulong[EntriesPerRead];
        for (var start = range.Start; start < range.End;)
        {
            var count = (int)Math.Min(EntriesPerRead, (range.End - start) >> PageSize.Shift);
            var read = RandomAccess.Read(pagemap, MemoryMarshal.AsBytes(entries[..count]), (long)(start >> PageSize.Shift) * sizeof(ulong)) / sizeof(ulong);
            if (read == 0)
            {
                return;
            }

            PunchPresent(entries[..read], range.ImageStart + (start - range.Start));
            start += (ulong)read << PageSize.Shift;
        }
    }

    private void PunchPresent(ReadOnlySpan<ulong> entries, ulong imageStart)
    {
        for (var i = 0; i < entries.Length; i++)
        {
            var first = i;
            while (i < entries.Length && (entries[i] & PresentOrSwapped) != 0)
            {
                i++;
            }

            if (i > first)
            {
                source.Punch(imageStart + ((ulong)first << PageSize.Shift), (ulong)(i - first) << PageSize.Shift);
            }
        }
    }
}
