using System.Diagnostics;
using System.IO.Pipes;
using ActorMigration.Contracts;
using ActorMigration.Host.Linux;
using ActorMigration.Host.Linux.Files;

namespace ActorMigration.Linux.Tests.Files;

/// <summary>A source tree, a destination tree and the two ends of the stream between them; the receiver runs on its own thread, as on another host.</summary>
internal sealed class TreePair : IDisposable
{
    private readonly AnonymousPipeServerStream _out = new(PipeDirection.Out);
    private readonly AnonymousPipeServerStream _back = new(PipeDirection.Out);
    private readonly AnonymousPipeClientStream _in;
    private readonly AnonymousPipeClientStream _backIn;
    private readonly FileFrameWriter _writer;
    private readonly FileFrameReader _reader;
    private readonly string _base = Directory.CreateTempSubdirectory("amig-files-").FullName;
    private readonly LayerLimits _limits;
    private Task _receiving = Task.CompletedTask;

    internal TreePair(LayerLimits? limits = null, TimeProvider? time = null)
    {
        _limits = limits ?? new LayerLimits(1L << 40, 1_000_000);
        Source = Directory.CreateDirectory(Path.Combine(_base, "source")).FullName;
        Destination = Directory.CreateDirectory(Path.Combine(_base, "destination")).FullName;
        Sync = new LayerSync(Source, time ?? TimeProvider.System);
        _in = new AnonymousPipeClientStream(PipeDirection.In, _out.ClientSafePipeHandle);
        _backIn = new AnonymousPipeClientStream(PipeDirection.In, _back.ClientSafePipeHandle);
        _writer = new FileFrameWriter(_out);
        _reader = new FileFrameReader(_backIn);
    }

    internal string Source { get; }

    internal string Destination { get; }

    internal LayerSync Sync { get; }

    internal TimeSpan Durable { get; private set; }

    /// <summary>From the start of the last pass to the moment when the destination might mount the tree; zero in a pass that is not final.</summary>
    internal TimeSpan UntilSettled { get; private set; }

    internal TimeSpan Whole { get; private set; }

    /// <summary>CPU time of both sides and of the kernel for them, in the last pass: comparable between runs on a busy machine.</summary>
    internal TimeSpan Cpu { get; private set; }

    internal PassReport Pass(bool final = false) => Pass(final ? LayerPassKind.Final : LayerPassKind.Running);

    internal PassReport Pass(LayerPassKind kind)
    {
        if (_receiving.IsCompleted)
        {
            _receiving = Task.Factory.StartNew(Receive, TaskCreationOptions.LongRunning);
        }
        var cpu = Environment.CpuUsage.TotalTime;
        var start = Stopwatch.GetTimestamp();
        _start = start;
        UntilSettled = TimeSpan.Zero;
        PassReport report;
        try
        {
            report = Sync.Run(_writer, kind, CancellationToken.None);
            DurableAnswer.Await(_reader, report.Pass, _writer.Digest());
        }
        catch (IOException broken) when (broken is not LayerException)
        {
            if (broken is not LinuxException && ((IAsyncResult)_receiving).AsyncWaitHandle.WaitOne(5000))
            {
                _receiving.GetAwaiter().GetResult();   // why the receiver hung up
            }
            throw;
        }
        Whole = Stopwatch.GetElapsedTime(start);
        Cpu = Environment.CpuUsage.TotalTime - cpu;
        Assert.Equal(report, _received);
        return report;
    }

    /// <summary>By other means than the code under test: tar's view of names, types, links, owners, modes, times, attributes and content; find's for sockets.</summary>
    internal void AssertEqual()
    {
        Assert.Equal(Listing(Source), Listing(Destination));
        Assert.Equal(Digest(Source), Digest(Destination));
    }

    public void Dispose()
    {
        _disposing = true;
        _out.Dispose();
        _receiving.ContinueWith(_ => { }, TaskScheduler.Default).Wait(2000);
        _in.Dispose();
        _back.Dispose();
        _backIn.Dispose();
        _writer.Dispose();
        _reader.Dispose();
        Sync.Dispose();
        Shell("rm -rf --one-file-system \"$1\"", _base);
    }

    internal static string Shell(string script, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("sh", ["-c", script, "sh", .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"`{script}` exited with {process.ExitCode}: {error.Result}");
    }

    private PassReport _received;
    private long _start;

    private void Receive()
    {
        using var reader = new FileFrameReader(_in);
        using var back = new FileFrameWriter(_back);
        using var receiver = new LayerReceiver(Destination, _limits);
        try
        {
            while (true)
            {
                _received = receiver.ReceivePass(reader, () => UntilSettled = Stopwatch.GetElapsedTime(_start));
                var start = Stopwatch.GetTimestamp();
                receiver.MakeDurable();
                Durable = Stopwatch.GetElapsedTime(start);
                DurableAnswer.Send(back, _received.Pass, reader.Digest());
            }
        }
        catch (FileFrameException) when (_disposing)
        {
            // The end of the test: the source hung up between two passes.
        }
        finally
        {
            _back.Dispose();
            _in.Dispose();
        }
    }

    private volatile bool _disposing;

    private static string Listing(string tree)
        => Shell("cd \"$1\" && find . -printf '%P %y %m %U %G %T@ %l\\n' | LC_ALL=C sort && find . -type f -printf '%P %s %n\\n' | LC_ALL=C sort", tree);

    private static string Digest(string tree)
        => Shell(
            "cd \"$1\" && tar --sort=name --format=pax --pax-option=delete=atime,delete=ctime --xattrs --xattrs-include='*' --xattrs-exclude='trusted.overlay.origin' "
            + "--xattrs-exclude='trusted.overlay.impure' --xattrs-exclude='trusted.overlay.uuid' --xattrs-exclude='trusted.overlay.nlink' -cf - . 2>/dev/null | sha256sum", tree);
}
