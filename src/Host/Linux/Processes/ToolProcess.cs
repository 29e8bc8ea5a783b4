using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace ActorMigration.Host.Linux.Processes;

/// <summary>
/// The one way in which programs are run: argument array, /dev/null as input, both outputs read while it runs, a deadline, and a
/// kill of the whole tree when that passes. Every wrapper of a tool (runc, criu, tar, ip) goes through it.
/// </summary>
public static class ToolProcess
{
    /// <summary>Bytes kept of each output; a tool that writes more is broken and its rest is read and dropped.</summary>
    public const int MaxOutputBytes = 8 * 1024 * 1024;

    private const int BufferBytes = 16 * 1024;

    /// <summary>Runs to the end.</summary>
    /// <exception cref="ToolFailedException">Not started, another exit code than 0, or deadline passed.</exception>
    public static async Task<ToolResult> RunAsync(ToolCommand command, TimeProvider time, CancellationToken cancellation = default)
    {
        var result = await TryRunAsync(command, time, cancellation).ConfigureAwait(false);
        return result.ExitCode == 0 ? result : throw new ToolFailedException(command, result.ExitCode, result.Error);
    }

    /// <summary>As <see cref="RunAsync"/>, for callers to whom an exit code is an answer.</summary>
    /// <exception cref="ToolFailedException">Not started, or deadline passed.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the tree was killed.</exception>
    public static Task<ToolResult> TryRunAsync(ToolCommand command, TimeProvider time, CancellationToken cancellation = default)
        // A thread of its own, since it blocks in poll for as long as the tool runs.
        => Task.Factory.StartNew(() => Run(command, time, cancellation), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>As <see cref="RunAsync"/>, blocking the caller: where a thread switch costs more than it gives.</summary>
    public static ToolResult Run(ToolCommand command, TimeProvider time, CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        using var output = command.OutputFile is null ? new OutputPipe() : null;
        using var error = command.OutputFile is null ? new OutputPipe() : null;
        using var process = SpawnedProcess.Start(command, output?.WriteEnd ?? -1, error?.WriteEnd ?? -1);
        output?.CloseWriteEnd();
        error?.CloseWriteEnd();

        using var deadline = new CancellationTokenSource(command.Deadline, time);
        int exitCode;
        using (deadline.Token.Register(process.KillTree))
        using (cancellation.Register(process.KillTree))
        {
            ReadUntilExit(process, output, error);
            exitCode = process.WaitForExit();
        }

        var result = new ToolResult(exitCode, output?.Text ?? "", error?.Text ?? "");
        cancellation.ThrowIfCancellationRequested();
        // A tool that just made it is not punished for the deadline that passed meanwhile.
        return deadline.IsCancellationRequested && exitCode != 0 ? throw ToolFailedException.DeadlinePassed(command, result.Error) : result;
    }

    /// <summary>
    /// Starts a process that outlives this one: own session, output to <see cref="ToolCommand.OutputFile"/> or /dev/null, no deadline. While this
    /// process lives it reaps the child; later whoever finds it again knows it by its identity.
    /// </summary>
    /// <exception cref="ToolFailedException">Not started.</exception>
    public static DetachedProcess StartDetached(ToolCommand command) => new(SpawnedProcess.Start(command));

    private static unsafe void ReadUntilExit(SpawnedProcess process, OutputPipe? output, OutputPipe? error)
    {
        // SAFETY: three pollfd on the stack; the descriptors stay open until after the loop.
        var fds = stackalloc Interop.Spawn.poll_fd[3];
        while (true)
        {
            fds[0] = new() { fd = (int)process.Handle.DangerousGetHandle(), events = Interop.Spawn.POLLIN };
            fds[1] = new() { fd = output?.ReadEnd ?? -1, events = Interop.Spawn.POLLIN };
            fds[2] = new() { fd = error?.ReadEnd ?? -1, events = Interop.Spawn.POLLIN };
            if (Interop.Spawn.Poll(fds, 3, -1) < 0 && Marshal.GetLastPInvokeError() != Interop.Errno.EINTR)
            {
                throw LinuxException.FromLastError("poll", $"the outputs of pid {process.Pid}");
            }

            output?.Drain();
            error?.Drain();
            if (fds[0].revents != 0)
            {
                // Ended: what it wrote has been read. A child of its own may hold the pipe open for ever, so its end is not awaited.
                output?.Drain();
                error?.Drain();
                return;
            }
        }
    }

    /// <summary>A pipe whose reading end does not block; -1 stands for an end that is closed.</summary>
    private sealed unsafe class OutputPipe : IDisposable
    {
        private readonly MemoryStream _bytes = new();

        internal OutputPipe()
        {
            var fds = stackalloc int[2];
            // SAFETY: the kernel writes two ints.
            if (Interop.Spawn.Pipe2(fds, Interop.O_CLOEXEC) != 0)
            {
                throw LinuxException.FromLastError("pipe2", "a tool's output");
            }

            (ReadEnd, WriteEnd) = (fds[0], fds[1]);
            if (Interop.Spawn.Fcntl(ReadEnd, Interop.Spawn.F_SETFL, Interop.O_NONBLOCK) != 0)
            {
                throw LinuxException.FromLastError("fcntl", "a tool's output");
            }
        }

        internal int ReadEnd { get; private set; }

        internal int WriteEnd { get; private set; }

        internal string Text => Encoding.UTF8.GetString(_bytes.GetBuffer(), 0, (int)_bytes.Length);

        internal void CloseWriteEnd()
        {
            Close(WriteEnd);
            WriteEnd = -1;
        }

        /// <summary>Reads what is there; closes the reading end at end of file, so that poll sleeps.</summary>
        internal void Drain()
        {
            Span<byte> buffer = stackalloc byte[BufferBytes];
            while (ReadEnd >= 0)
            {
                nint count;
                fixed (byte* start = buffer)
                {
                    // SAFETY: at most BufferBytes are written to the pinned buffer.
                    count = Interop.Spawn.Read(ReadEnd, start, BufferBytes);
                }

                if (count > 0)
                {
                    _bytes.Write(buffer[..(int)Math.Min(count, MaxOutputBytes - _bytes.Length)]);
                    continue;
                }

                if (count < 0 && Marshal.GetLastPInvokeError() is Interop.Errno.EAGAIN or Interop.Errno.EINTR)
                {
                    return;
                }

                Close(ReadEnd);
                ReadEnd = -1;
            }
        }

        public void Dispose()
        {
            Close(ReadEnd);
            Close(WriteEnd);
            (ReadEnd, WriteEnd) = (-1, -1);
            _bytes.Dispose();
        }

        private static void Close(int fd)
        {
            if (fd >= 0)
            {
                new SafeFileHandle(fd, ownsHandle: true).Dispose();
            }
        }
    }
}
