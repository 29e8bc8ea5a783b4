using System.Globalization;
using ActorMigration.Contracts.Memory;
using Microsoft.Win32.SafeHandles;

namespace ActorMigration.Host.Linux.Tracking;

/// <summary>The file behind a mapping of program text: what a page of it shows while nobody has written to it.</summary>
internal sealed class MappedFile : IDisposable
{
    private readonly SafeFileHandle _file;
    private readonly ulong _start;
    private readonly long _offset;

    private MappedFile(SafeFileHandle file, ulong start, long offset)
    {
        _file = file;
        _start = start;
        _offset = offset;
    }

    /// <summary>Null for a mapping that is not text, or that has no file which can be opened: then nothing is known to come from a file.</summary>
    internal static MappedFile? Of(int pid, MemoryMapping mapping)
    {
        if (!mapping.HasFile || (mapping.Access & (MappingAccess.Execute | MappingAccess.Write)) != MappingAccess.Execute)
        {
            return null;
        }

        // "start-end perms offset dev inode path", hexadecimal; map_files names a mapping without leading zeros.
        var range = string.Create(CultureInfo.InvariantCulture, $"{mapping.Start:x}-{mapping.End:x}");
        var line = File.ReadLines($"/proc/{pid}/maps").Select(text => text.Split(' ', 4)).FirstOrDefault(fields => string.Join('-', fields[0].Split('-').Select(end => end.TrimStart('0'))) == range);
        var file = Interop.Open($"/proc/{pid}/map_files/{range}", Interop.O_RDONLY | Interop.O_CLOEXEC);
        if (line is null || file.IsInvalid)
        {
            file.Dispose();
            return null;
        }

        return new MappedFile(file, mapping.Start, long.Parse(line[2], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
    }

    /// <summary>True when the file has exactly this at the page's place; behind its end it has zeros.</summary>
    internal bool Shows(ulong address, ReadOnlySpan<byte> page)
    {
        Span<byte> shown = stackalloc byte[PageSize.Bytes];
        shown.Clear();
        RandomAccess.Read(_file, shown, _offset + (long)(address - _start));
        return shown.SequenceEqual(page);
    }

    public void Dispose() => _file.Dispose();
}
