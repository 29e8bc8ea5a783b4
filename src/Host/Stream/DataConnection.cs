using System.Net;
using System.Net.Security;
using ActorMigration.Contracts;

namespace ActorMigration.Host.Stream;

/// <summary>
/// One authenticated data connection, both keys checked and the hello exchanged. Its owner disposes it. Reads may run beside
/// writes, one of each at a time.
/// </summary>
public sealed class DataConnection : IDisposable
{
    private readonly SslStream _tls;
    private readonly Action? _closed;
    private int _disposed;

    internal DataConnection(SslStream tls, DataHello hello, EndPoint? peer, Action? closed)
    {
        _tls = tls;
        _closed = closed;
        Attempt = hello.Attempt;
        Fence = hello.Fence;
        Kind = hello.Kind;
        StreamNumber = hello.StreamNumber;
        Peer = peer;
    }

    /// <summary>The attempt that both sides proved to belong to.</summary>
    public AttemptId Attempt { get; }

    /// <summary>Fence of the attempt, equal on both sides.</summary>
    public Fence Fence { get; }

    public DataStreamKind Kind { get; }

    /// <summary>0 for the first stream of its kind.</summary>
    public int StreamNumber { get; }

    /// <summary>Address of the other side, for logs.</summary>
    public EndPoint? Peer { get; }

    /// <summary>Bytes of the stream's own protocol.</summary>
    public System.IO.Stream Stream => _tls;

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _tls.Dispose();
            _closed?.Invoke();
        }
    }
}
