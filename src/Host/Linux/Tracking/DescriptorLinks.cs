using System.Globalization;
using System.Text;

namespace ActorMigration.Host.Linux.Tracking;

/// <summary>What the descriptors of a process are, from the links in /proc/PID/fd.</summary>
internal static unsafe class DescriptorLinks
{
    /// <summary>Longest link that is read; only short kernel names and the beginning of paths matter.</summary>
    private const int MaxLinkBytes = 512;

    private static ReadOnlySpan<byte> UserfaultfdName => "anon_inode:[userfaultfd]"u8;

    internal static bool IsUserfaultfd(string path)
    {
        var buffer = stackalloc byte[MaxLinkBytes];
        var length = Interop.ReadLink(path, buffer, MaxLinkBytes);
        return length > 0 && new ReadOnlySpan<byte>(buffer, (int)length).SequenceEqual(UserfaultfdName);
    }

    /// <summary>What the link says, or null when the descriptor was closed meanwhile.</summary>
    internal static string? Read(string path)
    {
        var buffer = stackalloc byte[MaxLinkBytes];
        var length = Interop.ReadLink(path, buffer, MaxLinkBytes);
        return length < 0 ? null : Encoding.UTF8.GetString(buffer, (int)length);
    }

    /// <summary>Numbers of the open descriptors; empty when the process is gone.</summary>
    internal static int[] Of(int pid)
    {
        try
        {
            return [.. Directory.EnumerateFileSystemEntries($"/proc/{pid}/fd").Select(path => int.Parse(Path.GetFileName(path), CultureInfo.InvariantCulture))];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The process ended; a zombie answers EACCES.
            return [];
        }
    }
}
