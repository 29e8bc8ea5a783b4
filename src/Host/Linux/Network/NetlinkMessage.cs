using System.Runtime.InteropServices;
using System.Text;

namespace ActorMigration.Host.Linux.Network;

/// <summary>
/// One rtnetlink request under construction: header of 16 bytes, the family's own header, attributes (u16 length, u16 type,
/// value, padded to 4). Layout in netlink(7). Integers are the host's byte order, as the kernel reads them.
/// </summary>
internal sealed class NetlinkMessage
{
    private const int HeaderBytes = 16;

    /// <summary>Requests here are a few hundred bytes: names, one nested peer, an alias of at most 255.</summary>
    private const int MaxBytes = 2048;

    private readonly byte[] _buffer = new byte[MaxBytes];
    private int _length = HeaderBytes;

    internal NetlinkMessage(ushort type, ushort flags)
    {
        Type = type;
        MemoryMarshal.Write(_buffer.AsSpan(4), type);
        MemoryMarshal.Write(_buffer.AsSpan(6), (ushort)(flags | Interop.Netlink.NLM_F_REQUEST));
    }

    internal ushort Type { get; }

    /// <summary>struct ifinfomsg.</summary>
    internal static NetlinkMessage Link(ushort type, ushort flags, int index = 0, int family = Interop.Netlink.AF_UNSPEC, bool up = false)
    {
        var message = new NetlinkMessage(type, flags);
        message.IfInfo(index, family, up);
        return message;
    }

    internal NetlinkMessage IfInfo(int index, int family, bool up)
    {
        var state = up ? Interop.Netlink.IFF_UP : 0u;
        return U8((byte)family).U8(0).U16(0).I32(index).U32(state).U32(state);
    }

    internal NetlinkMessage U8(byte value) => Raw([value]);

    internal NetlinkMessage U16(ushort value) => Raw(MemoryMarshal.AsBytes([value]));

    internal NetlinkMessage I32(int value) => Raw(MemoryMarshal.AsBytes([value]));

    internal NetlinkMessage U32(uint value) => Raw(MemoryMarshal.AsBytes([value]));

    internal NetlinkMessage Attribute(ushort type, ReadOnlySpan<byte> value)
    {
        U16((ushort)(4 + value.Length)).U16(type).Raw(value);
        while (_length % 4 != 0)
        {
            _buffer[_length++] = 0;
        }
        return this;
    }

    internal NetlinkMessage Attribute(ushort type, int value) => Attribute(type, MemoryMarshal.AsBytes([value]));

    internal NetlinkMessage Attribute(ushort type, string text) => Attribute(type, Encoding.ASCII.GetBytes(text + "\0"));

    /// <summary>An attribute whose value is what <paramref name="content"/> adds.</summary>
    internal NetlinkMessage Nested(ushort type, Action<NetlinkMessage> content)
    {
        var start = _length;
        U16(0).U16(type);
        content(this);
        MemoryMarshal.Write(_buffer.AsSpan(start), (ushort)(_length - start));
        return this;
    }

    /// <summary>The finished request; <paramref name="sequence"/> comes back in the answer.</summary>
    internal ReadOnlySpan<byte> Finish(uint sequence)
    {
        MemoryMarshal.Write(_buffer, (uint)_length);
        MemoryMarshal.Write(_buffer.AsSpan(8), sequence);
        return _buffer.AsSpan(0, _length);
    }

    private NetlinkMessage Raw(ReadOnlySpan<byte> value)
    {
        value.CopyTo(_buffer.AsSpan(_length));
        _length += value.Length;
        return this;
    }
}
