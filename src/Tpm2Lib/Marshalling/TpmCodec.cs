using System.Buffers;
using System.Buffers.Binary;

namespace Tpm2Lib;

/// <summary>
/// Writes or reads TPM structures, big endian. A structure names its fields once, in order, and each call returns the value to keep:
/// what was passed in when writing, what was read when reading. So the two directions cannot disagree about the layout.
/// </summary>
internal sealed class TpmCodec
{
    /// <summary>Elements of a list. TPML lists are bounded by the TPM's buffer of 4 KiB; handles have 4 bytes.</summary>
    private const int MaxListLength = 1024;

    private readonly ArrayBufferWriter<byte>? _out;
    private ReadOnlyMemory<byte> _in;

    public TpmCodec() => _out = new ArrayBufferWriter<byte>();

    public TpmCodec(ReadOnlyMemory<byte> input) => _in = input;

    public bool Reading => _out is null;

    public int Remaining => _in.Length;

    public byte[] ToArray() => _out!.WrittenSpan.ToArray();

    public byte U8(byte value) => Reading ? Take(1)[0] : Put(value, [value]);

    public ushort U16(ushort value)
    {
        if (Reading)
        {
            return BinaryPrimitives.ReadUInt16BigEndian(Take(2));
        }

        Span<byte> bytes = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, value);
        return Put(value, bytes);
    }

    public uint U32(uint value)
    {
        if (Reading)
        {
            return BinaryPrimitives.ReadUInt32BigEndian(Take(4));
        }

        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return Put(value, bytes);
    }

    public ulong U64(ulong value)
    {
        if (Reading)
        {
            return BinaryPrimitives.ReadUInt64BigEndian(Take(8));
        }

        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
        return Put(value, bytes);
    }

    public TpmAlgId Algorithm(TpmAlgId value) => (TpmAlgId)U16((ushort)value);

    /// <summary>Bytes whose number is known from elsewhere.</summary>
    public byte[] Fixed(byte[]? value, int length) => Reading ? Take(length).ToArray() : Put(value ?? [], value ?? []);

    /// <summary>All that is left of the enclosing structure.</summary>
    public byte[] Rest(byte[]? value) => Fixed(value, Remaining);

    /// <summary>One byte of length, then the bytes.</summary>
    public byte[] Sized8(byte[]? value) => Fixed(value, U8(checked((byte)(value?.Length ?? 0))));

    /// <summary>A TPM2B: two bytes of length, then the bytes.</summary>
    public byte[] Sized16(byte[]? value) => Fixed(value, U16(checked((ushort)(value?.Length ?? 0))));

    /// <summary>A structure in place.</summary>
    public T Inline<T>(T? value)
        where T : TpmStructureBase, new()
    {
        var structure = Reading ? new T() : value ?? throw new ArgumentNullException(nameof(value), $"{typeof(T).Name} is missing");
        structure.Transfer(this);
        return structure;
    }

    /// <summary>A structure in a TPM2B: its length must be exactly its size.</summary>
    public T Sized<T>(T? value)
        where T : TpmStructureBase, new()
    {
        if (!Reading)
        {
            Sized16((value ?? throw new ArgumentNullException(nameof(value), $"{typeof(T).Name} is missing")).GetTpmRepresentation());
            return value;
        }

        var inner = new TpmCodec(Sized16(null));
        var structure = inner.Inline<T>(null);
        inner.End(typeof(T).Name);
        return structure;
    }

    /// <summary>A TPML: four bytes of count, then the structures.</summary>
    public T[] List<T>(T[]? value)
        where T : TpmStructureBase, new()
    {
        var count = U32((uint)(value?.Length ?? 0));
        if (!Reading)
        {
            Array.ForEach(value ?? [], element => Inline(element));
            return value ?? [];
        }

        if (count > MaxListLength)
        {
            throw new TpmMalformedResponseException($"a list of {count} {typeof(T).Name} is longer than {MaxListLength}");
        }

        var read = new T[count];
        for (var i = 0; i < read.Length; i++)
        {
            read[i] = Inline<T>(null);
        }

        return read;
    }

    /// <summary>When reading: nothing may be left.</summary>
    public void End(string what)
    {
        if (Reading && Remaining > 0)
        {
            throw new TpmMalformedResponseException($"{what} is followed by {Remaining} bytes too many");
        }
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _in.Length)
        {
            throw new TpmMalformedResponseException($"{count} bytes expected where {_in.Length} are left");
        }

        var taken = _in[..count];
        _in = _in[count..];
        return taken.Span;
    }

    private T Put<T>(T value, ReadOnlySpan<byte> bytes)
    {
        _out!.Write(bytes);
        return value;
    }
}
