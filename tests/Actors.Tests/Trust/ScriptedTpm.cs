using System.Collections.Concurrent;
using ActorMigration.Actors.Trust;
using ActorMigration.Contracts.Trust;

namespace ActorMigration.Actors.Tests.Trust;

/// <summary>
/// Connections to a TPM whose every answer the test gives: a call shows up in <see cref="Calls"/> and blocks until the test ends it, or
/// until its connection is disposed, as a socket does. How a real one answers is tested in Tpm.Tests, with the same actor.
/// </summary>
internal sealed class ScriptedTpm
{
    /// <summary>How long a test waits for what must come; long, as a busy machine may take its time to start a thread.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public BlockingCollection<Call> Calls { get; } = [];

    public ITpm Connect() => new Connection(this);

    /// <summary>The next call, which must be this one.</summary>
    public Call Next(string name)
    {
        Assert.True(Calls.TryTake(out var call, Patience), $"{name} was not called");
        Assert.Equal(name, call.Name);
        return call;
    }

    /// <summary>A blocked call.</summary>
    internal sealed class Call(string name, object? argument)
    {
        private readonly TaskCompletionSource<object> _answer = new();

        public string Name { get; } = name;

        public object? Argument { get; } = argument;

        public void Answer(object answer) => _answer.TrySetResult(answer);

        public void Fail(Exception failure) => _answer.TrySetException(failure);

        public object Wait() => _answer.Task.GetAwaiter().GetResult();
    }

    private sealed class Connection(ScriptedTpm tpm) : ITpm
    {
        private volatile Call? _blocked;

        public void Open() => Do("open", null);

        public IReadOnlyList<EndorsementKey> ReadEndorsementKeys() => throw new NotSupportedException();

        public byte[] ReadAttestationKey() => throw new NotSupportedException();

        public byte[] ActivateCredential(EkTemplate ekTemplate, Credential credential) => throw new NotSupportedException();

        public TpmQuote Quote(byte[] qualifyingData, IReadOnlyList<int> pcrs) => (TpmQuote)Do("quote", qualifyingData[0]);

        public IReadOnlyList<PcrValue> ReadPcrs(IReadOnlyList<int> pcrs) => (IReadOnlyList<PcrValue>)Do("read", pcrs);

        public ulong? ReadCounter(uint nvIndex) => (ulong)Do("read counter", nvIndex);

        public ulong IncrementCounter(uint nvIndex) => (ulong)Do("increment", nvIndex);

        public void ExtendPcr(int index, byte[] digest) => throw new NotSupportedException();

        public void Dispose()
        {
            if (_blocked is { } call)
            {
                tpm.Disposed.Add(call.Name);
                if (!tpm.DisposeDoesNotWake)
                {
                    call.Fail(new TpmUnavailableException("closed"));
                }
            }
        }

        private object Do(string name, object? argument)
        {
            var call = new Call(name, argument);
            _blocked = call;
            tpm.Calls.Add(call);
            try
            {
                return call.Wait();
            }
            finally
            {
                _blocked = null;
            }
        }
    }

    /// <summary>Calls whose connection was disposed while they blocked.</summary>
    public BlockingCollection<string> Disposed { get; } = [];

    /// <summary>As a character device, where closing does not end a read.</summary>
    public bool DisposeDoesNotWake { get; set; }
}
