using System.IO.Hashing;

namespace ActorMigration.Host.Linux.Files;

/// <summary>
/// What the destination has of one file, as a digest per block. XXH128 with a secret seed per attempt: it only decides what is
/// sent again (the stream has its SHA-256), it runs at memory speed, and a container cannot make two blocks collide without the seed.
/// </summary>
internal sealed class BlockDigests(long seed)
{
    /// <summary>Bytes of a block: what a change of one byte costs on the wire, against 16 bytes of memory here per block (256 KiB per GiB).</summary>
    internal const int BlockBytes = 64 * 1024;

    /// <summary>Stands for a block that reads as zeros and is a hole at the destination.</summary>
    internal static readonly UInt128 Hole = UInt128.Zero;

    private UInt128[] _blocks = [];

    /// <summary>Blocks of which something is known.</summary>
    internal int Count { get; private set; }

    internal static int BlocksOf(long size) => checked((int)((size + BlockBytes - 1) / BlockBytes));

    internal UInt128 Of(ReadOnlySpan<byte> block)
    {
        if (block.IndexOfAnyExcept((byte)0) < 0)
        {
            return Hole;
        }
        var digest = XxHash128.HashToUInt128(block, seed);
        return digest == Hole ? UInt128.One : digest;
    }

    /// <summary>Hole for a block that the destination does not have yet: a file grows by holes.</summary>
    internal UInt128 this[int block]
    {
        get => block < Count ? _blocks[block] : Hole;
        set => _blocks[block] = value;
    }

    /// <summary>After the file has got another size.</summary>
    internal void Resize(int count)
    {
        if (count > _blocks.Length)
        {
            Array.Resize(ref _blocks, Math.Max(count, (int)Math.Min(2L * _blocks.Length, Array.MaxLength)));
        }
        _blocks.AsSpan(Math.Min(Count, count)..Math.Max(Count, count)).Clear();
        Count = count;
    }
}
