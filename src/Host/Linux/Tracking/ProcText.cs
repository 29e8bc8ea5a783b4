using Microsoft.Win32.SafeHandles;

namespace ActorMigration.Host.Linux.Tracking;

/// <summary>
/// Reads a text file of /proc whole into a buffer that is used again: a maps file of thousands of mappings is read every
/// round. Not for use by two threads.
/// </summary>
internal sealed class ProcText
{
    /// <summary>Most bytes of a file: 65530 mappings (vm.max_map_count) with paths of 1 KiB.</summary>
    private const int MaxBytes = 64 << 20;

    private byte[] _buffer = new byte[64 << 10];

    /// <summary>The bytes of <paramref name="path"/>, valid until the next call. Errors are <see cref="LinuxException"/>.</summary>
    internal unsafe ReadOnlySpan<byte> Read(string path)
    {
        using var file = Interop.Open(path, Interop.O_RDONLY | Interop.O_CLOEXEC);
        if (file.IsInvalid)
        {
            throw LinuxException.FromLastError("open", path);
        }

        for (var filled = 0; ;)
        {
            if (filled == _buffer.Length)
            {
                if (filled >= MaxBytes)
                {
                    throw new LinuxException("read", path, Interop.Errno.ENOMEM);
                }

                Array.Resize(ref _buffer, filled * 2);
            }

            // SAFETY: at most the rest of the pinned buffer is written.
            fixed (byte* buffer = _buffer)
            {
                var count = Interop.Read(file, buffer + filled, (nuint)(_buffer.Length - filled));
                if (count < 0)
                {
                    throw LinuxException.FromLastError("read", path);
                }

                if (count == 0)
                {
                    return _buffer.AsSpan(0, filled);
                }

                filled += (int)count;
            }
        }
    }
}
