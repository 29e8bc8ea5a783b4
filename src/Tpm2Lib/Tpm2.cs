namespace Tpm2Lib;

/// <summary>
/// The commands, each blocking until the TPM has answered. Not thread safe: one owner, one command at a time.
/// Errors: <see cref="TpmException"/> (the TPM refused), <see cref="TpmMalformedResponseException"/> (close the device), and what the
/// device throws. A handle that needs authorisation is given its own password unless <c>tpm[session, …]</c> says otherwise.
/// </summary>
public sealed partial class Tpm2 : IDisposable
{
    private readonly TpmDispatcher _dispatcher;
    private readonly Tpm2Device _device;
    private SessionBase[] _sessions = [];

    public Tpm2(Tpm2Device device, Behavior b = Behavior.Default)
        : this(device, b, TimeProvider.System)
    {
    }

    /// <summary>With another clock for the waits between retries.</summary>
    public Tpm2(Tpm2Device device, Behavior b, TimeProvider time)
    {
        _device = b == Behavior.Default ? device : throw new ArgumentOutOfRangeException(nameof(b), b, "there is one behavior");
        _dispatcher = new TpmDispatcher(device, time);
    }

    /// <summary>Sessions for the next command, in the order of its handles.</summary>
    public Tpm2 this[params SessionBase[] sessions]
    {
        get
        {
            _sessions = sessions;
            return this;
        }
    }

    public void Dispose() => _device.Dispose();

    private void Run(TpmCommand command, TpmHandle[] handles, Action<TpmCodec> write)
        => Run(command, handles, write, static _ => 0, out _);

    private T Run<T>(TpmCommand command, TpmHandle[] handles, Action<TpmCodec> write, Func<TpmCodec, T> read)
        => Run(command, handles, write, read, out _);

    private T Run<T>(TpmCommand command, TpmHandle[] handles, Action<TpmCodec> write, Func<TpmCodec, T> read, out TpmHandle? returned)
    {
        var sessions = _sessions;
        _sessions = [];
        if (sessions.Length == 0)
        {
            sessions = new SessionBase[command.AuthHandles];
            Array.Fill(sessions, new Pwap());
        }

        if (sessions.Length != command.AuthHandles)
        {
            throw new ArgumentException($"{command.Code} needs {command.AuthHandles} sessions and was given {sessions.Length}");
        }

        return _dispatcher.Run(command, handles, sessions, write, read, out returned);
    }
}
