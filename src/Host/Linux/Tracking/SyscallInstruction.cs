using Microsoft.Win32.SafeHandles;

namespace ActorMigration.Host.Linux.Tracking;

/// <summary>Finds a place in a process's own code at which a system call can be injected.</summary>
internal static unsafe class SyscallInstruction
{
    private const int ChunkBytes = 1 << 20;

    private static ReadOnlySpan<byte> Opcode => [0x0f, 0x05];

    /// <summary>
    /// Address of the two bytes of a syscall instruction, or null when no executable mapping holds them. Called before the
    /// stop; <see cref="IsAt"/> checks under the stop that they are still there.
    /// </summary>
    internal static ulong? Find(string directory, SafeFileHandle memory)
    {
        var candidates = new List<MemoryMapping>();
        var maps = new MapsReader(new ProcText().Read(directory + "/maps"));
        while (maps.MoveNext())
        {
            if ((maps.Current.Access & MappingAccess.Execute) == 0 || maps.Path.SequenceEqual("[vsyscall]"u8))
            {
                continue;
            }

            // The vdso is small and has one as the way out of its fast paths.
            candidates.Insert(maps.Path.SequenceEqual("[vdso]"u8) ? 0 : candidates.Count, maps.Current);
        }

        var buffer = new byte[ChunkBytes];
        foreach (var mapping in candidates)
        {
            // One byte of overlap, so that an instruction across two chunks is found.
            for (var address = mapping.Start; address + 1 < mapping.End; address += ChunkBytes - 1)
            {
                var length = (int)Math.Min(ChunkBytes, mapping.End - address);
                var index = buffer.AsSpan(0, ReadAt(memory, address, buffer.AsSpan(0, length))).IndexOf(Opcode);
                if (index >= 0)
                {
                    return address + (ulong)index;
                }
            }
        }

        return null;
    }

    internal static bool IsAt(SafeFileHandle memory, ulong address)
    {
        Span<byte> bytes = stackalloc byte[2];
        return ReadAt(memory, address, bytes) == 2 && bytes.SequenceEqual(Opcode);
    }

    private static int ReadAt(SafeFileHandle memory, ulong address, Span<byte> into)
    {
        // SAFETY: at most the length of the pinned span is written. An unreadable place counts as one without the instruction.
        fixed (byte* buffer = into)
        {
            return (int)Math.Max(0, Interop.PRead(memory, buffer, (nuint)into.Length, (long)address));
        }
    }
}
