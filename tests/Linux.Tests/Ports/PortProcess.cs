using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Text.Json;
using ActorMigration.Actors;
using ActorMigration.Actors.Streaming;

namespace ActorMigration.Linux.Tests.Ports;

/// <summary>One life of a port host: the process, in its host's network namespace, and the ports as objects here. <see cref="Kill"/> is what a crash of the daemon is.</summary>
internal sealed class PortProcess : IDisposable
{
    /// <summary>Start of the runtime on a loaded machine.</summary>
    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(30);

    private readonly Process _process;
    private readonly ConcurrentDictionary<int, TaskCompletionSource<JsonElement?>> _calls = new();
    private readonly Lock _input = new();
    private int _next;

    private PortProcess(Process process)
    {
        _process = process;
        _calls[-1] = NewCall();
        _ = ReadAsync();
    }

    internal ISourceHost Sources => Remote<ISourceHost>(PortServer.Sources);

    internal IDestinationHost Destinations => Remote<IDestinationHost>(PortServer.Destinations);

    internal ILoadSource Load => Remote<ILoadSource>(PortServer.Load);

    internal IContainerRuntime Runtime => Remote<IContainerRuntime>(PortServer.Runtime);

    internal static async Task<PortProcess> StartAsync(string networkNamespace, PortHostSettings settings)
    {
        // Not `ip netns exec`: that would give it mounts of its own as well.
        var program = Path.Combine(AppContext.BaseDirectory, "ActorMigration.Linux.Tests");
        var process = Process.Start(new ProcessStartInfo("nsenter", [$"--net={networkNamespace}", program, Program.Command, settings.ToArgument()])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        var host = new PortProcess(process);
        await host._calls[-1].Task.WaitAsync(StartDeadline);
        return host;
    }

    /// <summary>SIGKILL; nothing of it can say good-bye.</summary>
    internal void Kill()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.WaitForExit();
    }

    public void Dispose()
    {
        Kill();
        _process.Dispose();
    }

    private T Remote<T>(int target)
        where T : class
    {
        var proxy = DispatchProxy.Create<T, RemotePort>();
        ((RemotePort)(object)proxy).Bind(this, target);
        return proxy;
    }

    private async Task<JsonElement?> CallAsync(int target, string method, JsonElement[] arguments, CancellationToken cancel)
    {
        var id = Interlocked.Increment(ref _next);
        var call = _calls[id] = NewCall();
        Send(new PortCall(id, target, method, arguments));
        await using var registration = cancel.Register(() => Send(new PortCall(id, target, null, [])));
        return await call.Task;
    }

    private void Send(PortCall call)
    {
        try
        {
            lock (_input)
            {
                _process.StandardInput.WriteLine(JsonSerializer.Serialize(call));
                _process.StandardInput.Flush();
            }
        }
        catch (IOException)
        {
            // It has been killed: the reader fails what is under way.
        }
    }

    private async Task ReadAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            var reply = JsonSerializer.Deserialize<PortReply>(line)!;
            if (_calls.TryRemove(reply.Id, out var call))
            {
                if (reply.Failure is { } failure)
                {
                    call.SetException(new AttemptException(failure, reply.Sentence!) { Retryable = reply.Retryable });
                }
                else if (reply.Sentence is not null)
                {
                    call.SetException(new InvalidOperationException($"the port threw what its contract does not know: {reply.Sentence}"));
                }
                else
                {
                    call.SetResult(reply.Result);
                }
            }
        }

        foreach (var call in _calls.Values)
        {
            call.TrySetException(new InvalidOperationException("the port host has ended"));
        }
    }

    private static TaskCompletionSource<JsonElement?> NewCall() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>A port of the process; every call goes over and comes back.</summary>
    [SuppressMessage("Performance", "CA1852", Justification = "DispatchProxy derives from it at run time")]
    internal class RemotePort : DispatchProxy
    {
        private PortProcess _host = null!;
        private int _target;

        internal void Bind(PortProcess host, int target)
        {
            _host = host;
            _target = target;
        }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            var method = targetMethod!;
            var cancel = args!.OfType<CancellationToken>().FirstOrDefault();
            var arguments = args!.Select(Argument).ToArray();
            var call = _host.CallAsync(_target, method.Name, arguments, cancel);
            var type = method.ReturnType;
            if (type == typeof(Task))
            {
                return call;
            }

            if (type == typeof(ValueTask))
            {
                return new ValueTask(call);
            }

            if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Task<>))
            {
                return typeof(RemotePort).GetMethod(nameof(ReadAsync), BindingFlags.NonPublic | BindingFlags.Static)!
                    .MakeGenericMethod(type.GetGenericArguments()).Invoke(null, [call]);
            }

            var result = call.GetAwaiter().GetResult();
            return type == typeof(ISourceAttempt) ? _host.Remote<ISourceAttempt>(result!.Value.GetInt32())
                : type == typeof(IDestinationAttempt) ? _host.Remote<IDestinationAttempt>(result!.Value.GetInt32())
                : type == typeof(IPagePump) ? _host.Remote<IPagePump>(result!.Value.GetInt32())
                : type == typeof(void) ? null
                : result!.Value.Deserialize(type);
        }

        private static JsonElement Argument(object? argument) => argument switch
        {
            CancellationToken cancel => JsonSerializer.SerializeToElement(cancel.IsCancellationRequested),
            StreamCredits or Delegate => JsonSerializer.SerializeToElement<object?>(null),
            _ => JsonSerializer.SerializeToElement(argument, argument?.GetType() ?? typeof(object)),
        };

        private static async Task<T?> ReadAsync<T>(Task<JsonElement?> call) => await call is { } result ? result.Deserialize<T>() : default;
    }
}
