using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace ActorMigration.Recorder.Tests;

public sealed class MemoryDigestSpec
{
    private const string OwnMemory = "/proc/self/mem";

    [Fact]
    public void Digest_of_memory_is_that_of_its_bytes()
    {
        // More than one chunk, and no multiple of it.
        byte[] bytes = GC.AllocateArray<byte>((9 * 1024 * 1024) + 5, pinned: true);
        new Random(1).NextBytes(bytes);

        string digest = MemoryDigest.Of(OwnMemory, AddressOf(bytes), bytes.Length);

        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(bytes)), digest);
    }

    [Fact]
    public void Memory_that_is_not_mapped_is_an_error_and_not_a_digest()
        => Assert.ThrowsAny<IOException>(() => MemoryDigest.Of(OwnMemory, 4096, 4096));

    private static long AddressOf(byte[] pinned) => Marshal.UnsafeAddrOfPinnedArrayElement(pinned, 0);
}
