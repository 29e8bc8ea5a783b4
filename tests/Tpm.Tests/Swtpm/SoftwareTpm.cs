using System.Diagnostics;
using ActorMigration.Actors.Trust;
using ActorMigration.Host.Linux.Processes;
using ActorMigration.Host.Trust.Tpm;

namespace ActorMigration.Tpm.Tests.Swtpm;

/// <summary>One running swtpm on a Unix socket; ended by its pid.</summary>
public sealed class SoftwareTpm(string state) : IDisposable
{
    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(10);

    private Process? _process;

    public string State { get; } = state;

    public TpmAddress Address => new(TpmTransport.Unix, Socket, 0);

    private string Socket => State + ".sock";

    public void Start()
    {
        File.Delete(Socket);
        _process = Process.Start(new ProcessStartInfo("swtpm", [
            "socket", "--tpm2", "--server", $"type=unixio,path={Socket}", "--ctrl", $"type=unixio,path={State}.ctrl",
            "--tpmstate", $"dir={State}", "--flags", "not-need-init,startup-clear"])) ?? throw new InvalidOperationException("swtpm did not start");
        var waited = Stopwatch.StartNew();
        while (!Answers())
        {
            if (_process.HasExited || waited.Elapsed > StartDeadline)
            {
                throw new InvalidOperationException($"swtpm on {State} did not come up");
            }

            Thread.Sleep(5);
        }
    }

    /// <summary>The socket is there before swtpm listens, and it listens before it has started its TPM: only an answer shows that a start counts.</summary>
    private bool Answers()
    {
        try
        {
            Open().Dispose();
            return true;
        }
        catch (TpmUnavailableException)
        {
            return false;
        }
    }

    public void Kill()
    {
        _process!.Kill();
        _process.WaitForExit();
    }

    public void Restart()
    {
        Kill();
        Start();
    }

    public void Stop() => Signal("-STOP");

    public void Continue() => Signal("-CONT");

    /// <summary>An open connection; swtpm serves one at a time.</summary>
    public Tpm2Chip Open()
    {
        var chip = new Tpm2Chip(Address);
        try
        {
            chip.Open();
            return chip;
        }
        catch
        {
            chip.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        if (_process is { HasExited: false })
        {
            Kill();
        }

        _process?.Dispose();
    }

    private void Signal(string signal) => ToolProcess.Run(new ToolCommand("kill", signal, $"{_process!.Id}"), TimeProvider.System);
}
