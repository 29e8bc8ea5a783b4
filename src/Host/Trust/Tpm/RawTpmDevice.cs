using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Tpm2Lib;

namespace ActorMigration.Host.Trust.Tpm;

/// <summary>The kernel's resource manager refused a command (unknown handle); no bytes went to the TPM and the descriptor is good.</summary>
internal sealed class TpmCommandRejectedException(string message, Exception inner) : IOException(message, inner);

/// <summary>
/// The plain TPM command stream, as swtpm's <c>--server</c> and the kernel's devices speak it. After any other failure the stream is
/// closed for good, as a late answer would be taken for the next one.
/// </summary>
internal sealed class RawTpmDevice : Tpm2Device
{
    /// <summary>Response header: tag, size, code.</summary>
    private const int HeaderBytes = 10;

    /// <summary>Bytes. TPMs answer with at most 4 KiB; the kernel gives one whole response per read into a buffer of that size.</summary>
    private const int MaxResponseBytes = 4096;

    // errno values with which the kernel's resource manager refuses a command.
    private const int EIO = 5;
    private const int EFAULT = 14;
    private const int EINVAL = 22;

    /// <summary>
    /// How long a socket may stay silent. The daemon's own deadline is shorter; this one is for the commands of the CLI, and longer
    /// than any TPM command takes.
    /// </summary>
    private static readonly TimeSpan SocketTimeout = TimeSpan.FromSeconds(30);

    private readonly TpmAddress _address;
    private System.IO.Stream? _stream;

    public RawTpmDevice(TpmAddress address)
    {
        _address = address;
        NeedsHMAC = false;
    }

    /// <summary>True for /dev/tpmrm*, where handles belong to the descriptor and vanish with it.</summary>
    public override bool HasRM() => _address.Transport == TpmTransport.Device && Path.GetFileName(_address.Path).StartsWith("tpmrm", StringComparison.Ordinal);

    public override void Connect() => _stream ??= _address.Transport switch
    {
        TpmTransport.Device => new FileStream(
            _address.Path,
            new FileStreamOptions { Mode = FileMode.Open, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite, BufferSize = 0 }),
        TpmTransport.Tcp => Connect(AddressFamily(), ProtocolType.Tcp, new IPEndPoint(IPAddress.Parse(_address.Path), _address.Port)),
        _ => Connect(System.Net.Sockets.AddressFamily.Unix, ProtocolType.Unspecified, new UnixDomainSocketEndPoint(_address.Path)),
    };

    /// <summary>May be called while another thread waits in <see cref="DispatchCommand"/>, which then fails.</summary>
    public override void Close() => Interlocked.Exchange(ref _stream, null)?.Dispose();

    public override void DispatchCommand(CommandModifier mod, byte[] cmdBuf, out byte[] respBuf)
    {
        var stream = _stream ?? throw new IOException($"the connection to the TPM {_address} is closed");
        try
        {
            respBuf = _address.Transport == TpmTransport.Device ? ThroughDevice(stream, cmdBuf) : ThroughSocket(stream, cmdBuf);
        }
        catch (Exception e) when (e is not TpmCommandRejectedException)
        {
            Close();
            throw;
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Close();
        }

        base.Dispose(disposing);
    }

    private static NetworkStream Connect(AddressFamily family, ProtocolType protocol, EndPoint to)
    {
        var socket = new Socket(family, SocketType.Stream, protocol)
        {
            ReceiveTimeout = (int)SocketTimeout.TotalMilliseconds,
            SendTimeout = (int)SocketTimeout.TotalMilliseconds,
        };
        try
        {
            if (protocol == ProtocolType.Tcp)
            {
                socket.NoDelay = true;
            }

            socket.Connect(to);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static byte[] ThroughDevice(System.IO.Stream device, byte[] command)
    {
        try
        {
            device.Write(command);
        }
        catch (IOException e) when (e.HResult is EINVAL or EIO or EFAULT)
        {
            throw new TpmCommandRejectedException($"the kernel refused a TPM command: {e.Message}", e);
        }

        var buffer = new byte[MaxResponseBytes];
        var read = device.Read(buffer);
        return read >= HeaderBytes ? buffer[..read] : throw new IOException($"the TPM device gave {read} bytes, less than a header");
    }

    private static byte[] ThroughSocket(System.IO.Stream socket, byte[] command)
    {
        socket.Write(command);
        var header = new byte[HeaderBytes];
        socket.ReadExactly(header);
        var size = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(2));
        if (size is < HeaderBytes or > MaxResponseBytes)
        {
            throw new IOException($"the TPM announced a response of {size} bytes");
        }

        var response = new byte[size];
        header.CopyTo(response, 0);
        socket.ReadExactly(response.AsSpan(HeaderBytes));
        return response;
    }

    private AddressFamily AddressFamily() => IPAddress.Parse(_address.Path).AddressFamily;
}
