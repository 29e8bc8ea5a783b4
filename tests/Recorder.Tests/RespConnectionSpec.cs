using System.Net;
using System.Net.Sockets;
using System.Text;

namespace ActorMigration.Recorder.Tests;

public sealed class RespConnectionSpec : IDisposable
{
    private readonly TcpListener _server = new(IPAddress.Loopback, 0);
    private readonly RespConnection _connection;
    private readonly Socket _accepted;

    public RespConnectionSpec()
    {
        _server.Start();
        _connection = new RespConnection((IPEndPoint)_server.LocalEndpoint, TimeSpan.FromSeconds(5));
        _accepted = _server.AcceptSocket();
    }

    public void Dispose()
    {
        _connection.Dispose();
        _accepted.Dispose();
        _server.Dispose();
    }

    [Fact]
    public void A_command_is_an_array_of_bulk_strings()
        => Assert.Equal("*2\r\n$4\r\nINCR\r\n$1\r\nk\r\n", Encoding.ASCII.GetString(RespConnection.Command("INCR", "k")));

    [Fact]
    public void Replies_in_one_segment_are_read_one_by_one()
    {
        _accepted.Send(":41\r\n+OK\r\n:42\r\n"u8);

        Assert.Equal(41, _connection.ReadInteger());
        _connection.ReadOk();
        Assert.Equal(42, _connection.ReadInteger());
    }

    [Fact]
    public void A_reply_in_two_segments_is_put_together()
    {
        _accepted.Send(":12"u8);
        _accepted.Send("345\r"u8);
        _accepted.Send("\n"u8);

        Assert.Equal(12345, _connection.ReadInteger());
    }

    [Fact]
    public void An_error_of_the_server_is_told_in_its_own_words()
    {
        _accepted.Send("-LOADING Redis is loading the dataset in memory\r\n"u8);

        Assert.Contains("LOADING", Assert.Throws<RespException>(() => _connection.ReadInteger()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_closed_connection_is_an_error_and_not_an_empty_reply()
    {
        _accepted.Close();

        Assert.Throws<IOException>(() => _connection.ReadInteger());
    }
}
