namespace ActorMigration.Host.Linux.Tracking;

/// <summary>
/// Goes through the bytes of /proc/PID/maps line by line without allocation:
/// <code>
/// 7f1c8a000000-7f1c8a021000 rw-p 00000000 00:00 0        [stack]
/// (1) start    (2) end      (3)  (4)offset (5)dev (6)inode (7) path, to the end of the line
/// </code>
/// The process chooses its paths, so nothing but their form is trusted. A line of another form ends the program's trust in
/// the file: <see cref="FormatException"/>.
/// </summary>
internal ref struct MapsReader(ReadOnlySpan<byte> text)
{
    private ReadOnlySpan<byte> _rest = text;

    /// <summary>The mapping of the line that the last <see cref="MoveNext"/> read.</summary>
    internal MemoryMapping Current { get; private set; }

    /// <summary>Field 7 of that line, empty for plain anonymous memory. Newlines in it are written as \012 by the kernel.</summary>
    internal ReadOnlySpan<byte> Path { get; private set; }

    /// <summary>True for [aio], io_uring and the like, whose path the kernel writes with a leading slash.</summary>
    internal readonly bool IsAioRing => Path.StartsWith("/[aio]"u8);

    internal bool MoveNext()
    {
        if (_rest.IsEmpty)
        {
            return false;
        }

        var newline = _rest.IndexOf((byte)'\n');
        var line = newline < 0 ? _rest : _rest[..newline];
        _rest = newline < 0 ? default : _rest[(newline + 1)..];

        var start = Hex(ref line, (byte)'-');
        var end = Hex(ref line, (byte)' ');
        if (line.Length < 5 || line[4] != ' ' || end <= start)
        {
            throw new FormatException("a line of /proc/PID/maps has no access letters or no length");
        }

        var access = (line[0] == 'r' ? MappingAccess.Read : 0) | (line[1] == 'w' ? MappingAccess.Write : 0)
            | (line[2] == 'x' ? MappingAccess.Execute : 0) | (line[3] == 's' ? MappingAccess.Shared : 0);
        line = line[5..];
        Skip(ref line);
        Skip(ref line);
        var hasInode = line.Length > 0 && line[0] != '0';
        Skip(ref line);
        Path = line.TrimStart((byte)' ');
        Current = new MemoryMapping(start, end, access, hasInode || Path.StartsWith("/"u8), IsKernelName(Path));
        return true;
    }

    private static bool IsKernelName(ReadOnlySpan<byte> path)
        => path.StartsWith("[v"u8) || path.SequenceEqual("[uprobes]"u8);

    private static void Skip(ref ReadOnlySpan<byte> line)
    {
        var space = line.IndexOf((byte)' ');
        line = space < 0 ? default : line[(space + 1)..];
    }

    private static ulong Hex(ref ReadOnlySpan<byte> line, byte behind)
    {
        var length = line.IndexOf(behind);
        if (length is < 1 or > 16)
        {
            throw new FormatException("a line of /proc/PID/maps does not begin with an address range");
        }

        var value = 0UL;
        foreach (var c in line[..length])
        {
            var digit = c switch
            {
                >= (byte)'0' and <= (byte)'9' => c - '0',
                >= (byte)'a' and <= (byte)'f' => c - 'a' + 10,
                _ => throw new FormatException("an address in /proc/PID/maps has a character that is not hexadecimal"),
            };
            value = (value << 4) | (uint)digit;
        }

        line = line[(length + 1)..];
        return value;
    }
}
