using System.Globalization;
using ActorMigration.Contracts.Memory;

namespace ActorMigration.Linux.Tests.Tracking;

/// <summary>
/// Compares what the recorder got with the memory of the frozen processes, by means that the tracker does not use: the text
/// of maps, the entries of pagemap and /proc/PID/mem, read here with File and nothing else.
/// </summary>
internal static class FrozenMemory
{
    private const ulong Present = 1UL << 63, Swapped = 1UL << 62, FilePage = 1UL << 61, Guard = 1UL << 58;

    /// <summary>
    /// Sentences about every page that would be wrong at the destination: (1) an indexed page whose stored version is missing,
    /// of another round, or of another content; (2) a page with content of its own that the index does not have.
    /// </summary>
    internal static List<string> Wrong(FinalIndex index, PageRecorder recorder, IEnumerable<int> pids)
    {
        var wrong = new List<string>();
        var found = 0;
        foreach (var pid in pids.Where(pid => File.ReadAllText($"/proc/{pid}/maps").Length > 0))
        {
            found++;
            if (index.Find(pid) is not { } process)
            {
                wrong.Add($"process {pid} is not in the index");
                continue;
            }

            using var memory = File.OpenHandle($"/proc/{pid}/mem");
            foreach (var run in process.Runs)
            {
                for (var address = run.Address; address < run.End; address += PageSize.Bytes)
                {
                    Compare(pid, process.Process, run.Round, address, memory, recorder, wrong);
                }
            }

            foreach (var address in PagesWithContent(pid, memory))
            {
                if (process.RoundOf(address) is null)
                {
                    wrong.Add($"{pid} 0x{address:x} has content and is not in the index");
                }
            }
        }

        if (found != index.Processes.Length)
        {
            wrong.Add($"the index has {index.Processes.Length} processes, the container {found}");
        }

        return wrong;
    }

    private static void Compare(int pid, ProcessKey key, int round, ulong address, Microsoft.Win32.SafeHandles.SafeFileHandle memory, PageRecorder recorder, List<string> wrong)
    {
        var page = new byte[PageSize.Bytes];
        var read = RandomAccess.Read(memory, page, (long)address);
        if (read != PageSize.Bytes || recorder.Find(key, address) is not { } stored)
        {
            wrong.Add($"{pid} 0x{address:x}: {(read != PageSize.Bytes ? "is indexed and cannot be read" : "was never sent")}");
        }
        else if (stored.Round != round)
        {
            wrong.Add($"{pid} 0x{address:x}: indexed at round {round}, stored from round {stored.Round}");
        }
        else if (!page.AsSpan().SequenceEqual(stored.Content ?? new byte[PageSize.Bytes]))
        {
            wrong.Add($"{pid} 0x{address:x}: the version of round {round} is stale");
        }
    }

    private static IEnumerable<ulong> PagesWithContent(int pid, Microsoft.Win32.SafeHandles.SafeFileHandle memory)
    {
        using var pagemap = File.OpenHandle($"/proc/{pid}/pagemap");
        var entry = new byte[sizeof(ulong)];
        var page = new byte[PageSize.Bytes];
        foreach (var line in File.ReadLines($"/proc/{pid}/maps"))
        {
            var fields = line.Split(' ', 6, StringSplitOptions.RemoveEmptyEntries);
            if (fields[1][3] != 'p' || (fields.Length > 5 && fields[5].StartsWith("[v", StringComparison.Ordinal)))
            {
                continue;
            }

            var range = fields[0].Split('-').Select(text => ulong.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToArray();
            for (var address = range[0]; address < range[1]; address += PageSize.Bytes)
            {
                if (RandomAccess.Read(pagemap, entry, (long)(address / PageSize.Bytes * sizeof(ulong))) != sizeof(ulong))
                {
                    break;
                }

                var bits = BitConverter.ToUInt64(entry);
                var own = (bits & (Present | Swapped)) != 0 && (bits & (FilePage | Guard)) == 0 && !((bits & Swapped) != 0 && (bits & 31) == 31);
                if (own && RandomAccess.Read(memory, page, (long)address) == PageSize.Bytes && page.AsSpan().ContainsAnyExcept((byte)0))
                {
                    yield return address;
                }
            }
        }
    }
}
