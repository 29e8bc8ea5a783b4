using System.Buffers;
using System.Security.Cryptography;

namespace ActorMigration.Recorder;

/// <summary>
/// SHA-256 over a stretch of another process's memory, read from outside through its /proc/PID/mem: the witness that does not rely on
/// anything the daemon or the workload says about itself.
/// </summary>
public static class MemoryDigest
{
    /// <summary>Bytes read at once: large enough that the system calls do not count.</summary>
    private const int ChunkBytes = 4 * 1024 * 1024;

    /// <param name="memoryFile">Path of /proc/PID/mem, or the same seen through another mount of proc.</param>
    /// <param name="address">First byte.</param>
    /// <param name="bytes">Length; every byte must be mapped, else <see cref="IOException"/>.</param>
    /// <returns>Lower-case hex.</returns>
    public static string Of(string memoryFile, long address, long bytes)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using FileStream memory = new(memoryFile, new FileStreamOptions { Access = FileAccess.Read, Share = FileShare.ReadWrite, BufferSize = 0 });
        byte[] chunk = ArrayPool<byte>.Shared.Rent(ChunkBytes);
        for (long done = 0; done < bytes;)
        {
            int read = RandomAccess.Read(memory.SafeFileHandle, chunk.AsSpan(0, (int)Math.Min(ChunkBytes, bytes - done)), address + done);
            if (read == 0)
            {
                throw new IOException($"{memoryFile} ends at address {address + done}");
            }

            hash.AppendData(chunk, 0, read);
            done += read;
        }

        ArrayPool<byte>.Shared.Return(chunk);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
