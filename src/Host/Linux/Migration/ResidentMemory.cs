using System.Globalization;

namespace ActorMigration.Host.Linux.Migration;

/// <summary>How much private memory processes hold, for the destination's reservation and the operator.</summary>
internal static class ResidentMemory
{
    /// <summary>Anonymous pages (copies of file pages included) over all processes, in bytes. A process that ends meanwhile counts nothing.</summary>
    internal static long PrivateBytes(IEnumerable<int> pids) => pids.Sum(PrivateBytes);

    private static long PrivateBytes(int pid)
    {
        try
        {
            // smaps_rollup: "Anonymous:        1234 kB"
            foreach (var line in File.ReadLines($"/proc/{pid}/smaps_rollup"))
            {
                if (line.StartsWith("Anonymous:", StringComparison.Ordinal))
                {
                    return long.Parse(line.AsSpan(10, line.Length - 12), NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture) * 1024;
                }
            }
        }
        catch (IOException)
        {
            // ESRCH: it has ended.
        }

        return 0;
    }
}
