using System.Net;
using System.Net.Sockets;

namespace ActorMigration.Host.Linux.Criu;

/// <summary>
/// A TCP port that we listen on at 0.0.0.0 and never answer. CRIU 4.2 goes into its page server even after the action script said no, listens on all
/// addresses whatever it was told, and would wait there for ever; with the port taken its bind fails at once and it puts the tasks back.
/// </summary>
internal sealed class HeldPort : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    internal HeldPort()
    {
        // No SO_REUSEADDR: CRIU sets it, and only two that both set it before listening could share a port.
        _socket.Bind(new IPEndPoint(IPAddress.Any, 0));
        _socket.Listen(1);
        Port = ((IPEndPoint)_socket.LocalEndPoint!).Port;
    }

    internal int Port { get; }

    public void Dispose() => _socket.Dispose();
}
