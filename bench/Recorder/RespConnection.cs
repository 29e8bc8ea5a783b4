using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace ActorMigration.Recorder;

/// <summary>
/// One TCP connection to a redis server, speaking as much of its protocol (RESP2) as a recorder needs. Used by one thread at a time.
/// Never reconnects: that the very same connection survives a migration is what the recorder is there to see.
/// </summary>
public sealed class RespConnection : IDisposable
{
    /// <summary>Bytes; a reply that we ask for is a number or a short status.</summary>
    private const int ReadBufferBytes = 64 * 1024;

    private readonly Socket _socket;
    private readonly NetworkStream _stream;
    private readonly byte[] _buffer = new byte[ReadBufferBytes];
    private int _start;
    private int _end;

    /// <param name="server">Where the server listens.</param>
    /// <param name="replyTimeout">A reply later than this counts as a broken connection (<see cref="IOException"/>).</param>
    public RespConnection(IPEndPoint server, TimeSpan replyTimeout)
    {
        _socket = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp)
        {
            NoDelay = true,
            ReceiveTimeout = (int)replyTimeout.TotalMilliseconds,
        };
        _socket.Connect(server);
        _stream = new NetworkStream(_socket, ownsSocket: true);
    }

    /// <summary>Sends bytes made by <see cref="Command"/>; many commands may be sent before the first reply is read.</summary>
    public void Send(ReadOnlySpan<byte> commands) => _stream.Write(commands);

    /// <summary>Reads an integer reply. Throws <see cref="RespException"/> if the server answers with anything else.</summary>
    public long ReadInteger()
    {
        string line = ReadLine();
        return line[0] == ':' && long.TryParse(line.AsSpan(1), CultureInfo.InvariantCulture, out long value)
            ? value
            : throw new RespException($"expected an integer, the server said '{line}'");
    }

    /// <summary>Reads a status reply and demands that it is OK.</summary>
    public void ReadOk()
    {
        string line = ReadLine();
        if (line != "+OK")
        {
            throw new RespException($"expected OK, the server said '{line}'");
        }
    }

    /// <summary>The bytes of one command: an array of bulk strings.</summary>
    public static byte[] Command(params ReadOnlySpan<string> words)
    {
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"*{words.Length}\r\n");
        foreach (string word in words)
        {
            text.Append(CultureInfo.InvariantCulture, $"${Encoding.ASCII.GetByteCount(word)}\r\n{word}\r\n");
        }

        return Encoding.ASCII.GetBytes(text.ToString());
    }

    public void Dispose() => _stream.Dispose();

    private string ReadLine()
    {
        while (true)
        {
            int length = _buffer.AsSpan(_start, _end - _start).IndexOf("\r\n"u8);
            if (length > 0)
            {
                string line = Encoding.ASCII.GetString(_buffer, _start, length);
                _start += length + 2;
                return line;
            }

            if (length == 0 || _end - _start == ReadBufferBytes)
            {
                throw new RespException("the server sent something that is not a reply");
            }

            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
            int received = _stream.Read(_buffer, _end, ReadBufferBytes - _end);
            if (received == 0)
            {
                throw new IOException("the server closed the connection");
            }

            _end += received;
        }
    }
}
