using System.Net.Sockets;
using ActorMigration.Host.Linux.Pager;

namespace ActorMigration.Host.Tests.Linux.Pager;

public sealed class RestoreSocketSpec : IDisposable
{
    /// <summary>Enough that one of them sends in the microseconds between accept and whatever follows it, were there anything that matters: with SO_PASSCRED set only then, three of three runs failed.</summary>
    private const int Restores = 3000;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("amig-restore-");

    [Fact]
    public async Task A_restore_that_speaks_while_it_is_accepted_is_known_by_its_pid()
    {
        var path = Path.Combine(_directory.FullName, "s");
        for (var one = 0; one < Restores; one++)
        {
            using var socket = new RestoreSocket(path);
            var restore = Task.Factory.StartNew(() =>
            {
                using var task = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                task.Connect(new UnixDomainSocketEndPoint(path));
                task.Send(BitConverter.GetBytes(7));
            }, TaskCreationOptions.LongRunning);

            // What cannot be ascribed to anybody throws.
            while (Accepted(socket) is not RestoreMessage.Closed)
            {
            }

            await restore;
        }
    }

    public void Dispose() => _directory.Delete(recursive: true);

    private static RestoreMessage? Accepted(RestoreSocket socket)
    {
        try
        {
            return socket.Receive();
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.WouldBlock)
        {
            return null;
        }
    }
}
