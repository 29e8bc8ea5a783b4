using System.Threading.Channels;
using ActorMigration.Contracts;

namespace ActorMigration.Host.Stream;

/// <summary>
/// An attempt's place at the <see cref="DataListener"/>, from prepare until its end. Accepted connections are read from
/// <see cref="Connections"/>; disposing refuses any further one and closes those that nobody has taken.
/// </summary>
public sealed class DataRegistration : IDisposable
{
    private readonly Channel<DataConnection> _accepted = Channel.CreateUnbounded<DataConnection>();
    private readonly HashSet<(DataStreamKind, int)> _open = [];
    private readonly Action<DataRegistration> _remove;
    private bool _disposed;

    internal DataRegistration(AttemptId attempt, Fence fence, AttemptKey key, byte[] clientSpki, Action<DataRegistration> remove)
    {
        Attempt = attempt;
        Fence = fence;
        ClientSpki = clientSpki;
        TlsOptions = DataPlaneTls.Server(key.Certificate, peer => AttemptKey.IsKeyOf(peer, clientSpki));
        _remove = remove;
    }

    public AttemptId Attempt { get; }

    public Fence Fence { get; }

    /// <summary>Connections that passed every check, in order of arrival.</summary>
    public ChannelReader<DataConnection> Connections => _accepted.Reader;

    internal byte[] ClientSpki { get; }

    internal System.Net.Security.SslServerAuthenticationOptions TlsOptions { get; }

    /// <summary>Takes the place of this kind and number; the listener gives it back when the connection ends.</summary>
    internal DataRefusal TryOccupy(DataHello hello)
    {
        if (hello.Attempt != Attempt)
        {
            return DataRefusal.WrongAttempt;
        }

        if (hello.Fence != Fence)
        {
            return DataRefusal.WrongFence;
        }

        lock (_open)
        {
            return !_disposed && _open.Count < DataPlaneLimits.MaxConnectionsPerAttempt && _open.Add((hello.Kind, hello.StreamNumber))
                ? DataRefusal.None
                : DataRefusal.Occupied;
        }
    }

    internal void Release(DataHello hello)
    {
        lock (_open)
        {
            _open.Remove((hello.Kind, hello.StreamNumber));
        }
    }

    /// <summary>False when the attempt ended meanwhile.</summary>
    internal bool Offer(DataConnection connection) => _accepted.Writer.TryWrite(connection);

    public void Dispose()
    {
        lock (_open)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
        }

        _remove(this);
        _accepted.Writer.TryComplete();
        while (_accepted.Reader.TryRead(out var unclaimed))
        {
            unclaimed.Dispose();
        }
    }
}
