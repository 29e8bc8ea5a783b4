using System.Buffers.Binary;
using System.Net.Sockets;

namespace ActorMigration.Host.Linux.Pager;

/// <summary>What a pager tells its keeper, each answered by the same word.</summary>
internal enum KeeperOrder
{
    /// <summary>First: the pager's pid, its twin's pid and the number of its event log.</summary>
    Hello = 1,

    /// <summary>Take a duplicate of the descriptor with this number.</summary>
    Hold = 2,

    /// <summary>Close the duplicate of this number: its address space is gone.</summary>
    Drop = 3,

    /// <summary>Nothing is missing any more: close all duplicates, and end when the pager has ended.</summary>
    Done = 4,
}

/// <summary>Layout of a message on <c>keeper.sock</c> (SOCK_SEQPACKET): four i32, little-endian: order and up to three numbers.</summary>
internal readonly record struct KeeperMessage(KeeperOrder Order, int First = 0, int Second = 0, int Third = 0)
{
    internal const string SocketName = "keeper.sock";
    internal const int Size = 16;

    internal byte[] ToBytes()
    {
        var bytes = new byte[Size];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, (int)Order);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4), First);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), Second);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12), Third);
        return bytes;
    }

    internal static KeeperMessage Parse(ReadOnlySpan<byte> bytes) => bytes.Length == Size
        ? new KeeperMessage(
            (KeeperOrder)BinaryPrimitives.ReadInt32LittleEndian(bytes),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[12..]))
        : throw new InvalidDataException($"a message to the keeper has {Size} bytes, not {bytes.Length}");
}

/// <summary>
/// The pager's end. Calls block until the keeper has done it, which is microseconds; when the keeper dies they return at once
/// and <see cref="IsAlive"/> is false from then on.
/// </summary>
internal sealed class KeeperLink : IDisposable
{
    private readonly Socket _socket;

    /// <summary>Connects in the current directory; the keeper listens before the pager is started.</summary>
    internal KeeperLink()
    {
        _socket = new Socket(AddressFamily.Unix, SocketType.Seqpacket, ProtocolType.Unspecified);
        _socket.Connect(new UnixDomainSocketEndPoint(KeeperMessage.SocketName));
    }

    internal bool IsAlive { get; private set; } = true;

    /// <summary>Duplicates that the keeper holds.</summary>
    internal int Held { get; private set; }

    internal void Hello(int pid, int twinPid, int log) => Ask(new KeeperMessage(KeeperOrder.Hello, pid, twinPid, log));

    internal void Hold(int descriptor) => Held += Ask(new KeeperMessage(KeeperOrder.Hold, descriptor)) ? 1 : 0;

    internal void Drop(int descriptor) => Held -= Ask(new KeeperMessage(KeeperOrder.Drop, descriptor)) ? 1 : 0;

    internal void Done() => Held = Ask(new KeeperMessage(KeeperOrder.Done)) ? 0 : Held;

    public void Dispose() => _socket.Dispose();

    private bool Ask(KeeperMessage message)
    {
        if (!IsAlive)
        {
            return false;
        }

        var answer = new byte[KeeperMessage.Size];
        try
        {
            _socket.Send(message.ToBytes());
            IsAlive = _socket.Receive(answer) == KeeperMessage.Size && KeeperMessage.Parse(answer).Order == message.Order;
        }
        catch (SocketException)
        {
            // EPIPE or ECONNRESET: the keeper is gone. The fill goes on; the twin alone guards it now.
            IsAlive = false;
        }

        Held = IsAlive ? Held : 0;
        return IsAlive;
    }
}
