using System.Net.Sockets;
using System.Text;

namespace ActorMigration.Host.Linux.Pager;

/// <summary>
/// The daemon's side of a pager: <c>pager.sock</c> in the work directory. The pager writes its status as one line of JSON when a
/// client connects and whenever it changes phase; a client writes <c>status</c>, <c>fill</c> or <c>end</c>, each as a line. A
/// client that goes away, or does not read, is dropped: the pager depends on none.
/// </summary>
internal sealed class ControlSocket : IDisposable
{
    internal const string Name = "pager.sock";

    /// <summary>Clients at once: the daemon, one that is restarting beside it, and an operator's tool.</summary>
    private const int MaxClients = 8;

    private const int MaxLineBytes = 64;

    private readonly Socket _listener;
    private readonly List<(Socket Socket, StringBuilder Line)> _clients = [];

    /// <summary>Binds in the current directory, replacing the socket of a dead predecessor.</summary>
    internal ControlSocket()
    {
        File.Delete(Name);
        _listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { Blocking = false };
        _listener.Bind(new UnixDomainSocketEndPoint(Name));
        _listener.Listen(MaxClients);
    }

    /// <summary>Descriptors to poll for input.</summary>
    internal IEnumerable<int> Descriptors => _clients.Select(client => (int)client.Socket.Handle).Prepend((int)_listener.Handle);

    /// <summary>Takes what has arrived: answers new clients, returns the orders of all.</summary>
    internal List<string> Receive(PagerStatus status)
    {
        if (_listener.Poll(0, SelectMode.SelectRead))
        {
            var socket = _listener.Accept();
            socket.Blocking = false;
            var client = (socket, new StringBuilder());
            _clients.Add(client);
            Write(client, status);
            if (_clients.Count > MaxClients)
            {
                Forget(_clients[0]);
            }
        }

        var orders = new List<string>();
        foreach (var client in _clients.ToArray())
        {
            Receive(client, orders);
        }

        return orders;
    }

    /// <summary>Tells every client.</summary>
    internal void Broadcast(PagerStatus status)
    {
        foreach (var client in _clients.ToArray())
        {
            Write(client, status);
        }
    }

    public void Dispose()
    {
        foreach (var (socket, _) in _clients)
        {
            socket.Dispose();
        }

        _listener.Dispose();
        File.Delete(Name);
    }

    private void Receive((Socket Socket, StringBuilder Line) client, List<string> orders)
    {
        var bytes = new byte[MaxLineBytes];
        try
        {
            while (client.Socket.Poll(0, SelectMode.SelectRead))
            {
                var count = client.Socket.Receive(bytes);
                if (count == 0 || client.Line.Length + count > MaxLineBytes)
                {
                    Forget(client);
                    return;
                }

                client.Line.Append(Encoding.ASCII.GetString(bytes, 0, count));
                for (var text = client.Line.ToString(); text.IndexOf('\n') is var end and >= 0; text = client.Line.ToString())
                {
                    orders.Add(text[..end]);
                    client.Line.Remove(0, end + 1);
                }
            }
        }
        catch (SocketException)
        {
            // The client is gone; it asks again by a new connection if it wants to.
            Forget(client);
        }
    }

    private void Write((Socket Socket, StringBuilder Line) client, PagerStatus status)
    {
        try
        {
            client.Socket.Send(Encoding.UTF8.GetBytes(status.ToJson() + "\n"));
        }
        catch (SocketException)
        {
            // Gone, or its buffer is full because it does not read: either way it is not waited for.
            Forget(client);
        }
    }

    private void Forget((Socket Socket, StringBuilder Line) client)
    {
        _clients.Remove(client);
        client.Socket.Dispose();
    }
}
