using System.Collections.Concurrent;
using System.Net;
using System.Reflection;
using System.Text.Json;
using ActorMigration.Actors;
using ActorMigration.Actors.Streaming;
using ActorMigration.Contracts;
using ActorMigration.Host.Linux.Containers;
using ActorMigration.Host.Linux.Criu;
using ActorMigration.Host.Linux.Load;
using ActorMigration.Host.Linux.Migration;
using ActorMigration.Host.Linux.Network;
using ActorMigration.Host.Linux.Store;
using ActorMigration.Host.Linux.Tracking;
using ActorMigration.Host.Stream;
using ActorMigration.Linux.Tests.Network;
using Microsoft.Extensions.Logging.Abstractions;

namespace ActorMigration.Linux.Tests.Ports;

/// <summary>The ports of one host as a daemon composes them, called over standard input and output. It knows nothing of any test.</summary>
internal sealed class PortServer
{
    internal const int Sources = 0;
    internal const int Destinations = 1;
    internal const int Runtime = 2;
    internal const int Load = 3;

    private readonly ConcurrentDictionary<int, object> _objects = new();
    private readonly ConcurrentDictionary<int, CancellationTokenSource> _cancels = new();
    private readonly Lock _output = new();
    private int _next = Load;

    internal static async Task RunAsync(PortHostSettings settings)
    {
        var node = await OpenAsync(settings);
        var server = new PortServer();
        server._objects[Sources] = new LinuxSourceHost(node);
        server._objects[Destinations] = new LinuxDestinationHost(node);
        server._objects[Runtime] = new LinuxContainerRuntime(node);
        server._objects[Load] = new LinuxLoadSource(node.Layout, node.StateDirectory, node.Uplink, node.Time);
        server.Send(new PortReply(-1, null, null, null, false));
        while (await Console.In.ReadLineAsync() is { } line)
        {
            var call = JsonSerializer.Deserialize<PortCall>(line)!;
            _ = Task.Run(() => server.AnswerAsync(call));
        }
    }

    private static async Task<LinuxNode> OpenAsync(PortHostSettings settings)
    {
        var time = TimeProvider.System;
        var claims = new ClaimLedger();
        var node = new LinuxNode
        {
            Host = new HostName(settings.Name),
            StateDirectory = settings.StateDirectory,
            RunDirectory = settings.RunDirectory,
            Bridge = SegmentLab.Bridge,
            Uplink = SegmentLab.Uplink,
            Address = IPAddress.Parse(settings.Address),
            DiskReserve = 0,
            Program = Path.Combine(AppContext.BaseDirectory, "amig"),
            Layout = CgroupLayout.Find() ?? throw new InvalidOperationException("no cgroup freezer is mounted"),
            Policy = new HostPolicy(settings.CgroupParent),
            Images = new ImageStore(settings.StateDirectory),
            Runc = new RuncTool("runc", Path.Combine(settings.RunDirectory, "runc"), time),
            Criu = await CriuTool.FindAsync(Environment.GetEnvironmentVariable("AMIG_CRIU"), time),
            Listener = DataListener.Start(new IPEndPoint(IPAddress.Parse(settings.Address), 0), time, NullLogger.Instance),
            Reservations = new ReservationLedger(ReservationLedger.MemAvailable, reserve: 0),
            Claims = claims,
            Tracking = TrackingSupport.Probe(),
            Time = time,
            Log = NullLogger.Instance,
        };
        Directory.CreateDirectory(node.NetnsDirectory);
        foreach (var record in ContainerRecord.LoadAll(settings.StateDirectory))
        {
            claims.TryAct(record.Spec.Name, record.Fence);
        }

        return node;
    }

    private async Task AnswerAsync(PortCall call)
    {
        if (call.Method is null)
        {
            if (_cancels.TryGetValue(call.Id, out var running))
            {
                await running.CancelAsync();
            }

            return;
        }

        using var cancel = new CancellationTokenSource();
        _cancels[call.Id] = cancel;
        try
        {
            Send(new PortReply(call.Id, await PerformAsync(call, cancel.Token), null, null, false));
        }
        catch (AttemptException refused)
        {
            Send(new PortReply(call.Id, null, refused.Failure, refused.Message, refused.Retryable));
        }
        catch (Exception failure)
        {
            Send(new PortReply(call.Id, null, null, failure.ToString(), false));
        }
        finally
        {
            _cancels.TryRemove(call.Id, out _);
        }
    }

    private async Task<JsonElement?> PerformAsync(PortCall call, CancellationToken cancel)
    {
        var target = _objects[call.Target];
        var method = target.GetType().GetInterfaces().Select(port => port.GetMethod(call.Method!)).First(found => found is not null)!;
        var arguments = method.GetParameters().Select((parameter, i) => Argument(parameter.ParameterType, call.Arguments[i], cancel)).ToArray();
        var result = method.Invoke(target, BindingFlags.DoNotWrapExceptions, null, arguments, null);
        switch (result)
        {
            case ValueTask disposed:
                await disposed;
                return null;
            case Task running:
                await running;
                return method.ReturnType.IsGenericType ? JsonSerializer.SerializeToElement(((dynamic)running).Result, method.ReturnType.GetGenericArguments()[0]) : null;
            case ISourceAttempt or IDestinationAttempt or IPagePump:
                var number = Interlocked.Increment(ref _next);
                _objects[number] = result;
                return JsonSerializer.SerializeToElement(number);
            default:
                return result is null ? null : JsonSerializer.SerializeToElement(result, method.ReturnType);
        }
    }

    private static object? Argument(Type type, JsonElement json, CancellationToken cancel)
    {
        if (type == typeof(CancellationToken))
        {
            if (json.ValueKind == JsonValueKind.True)
            {
                return new CancellationToken(canceled: true);
            }

            return cancel;
        }

        if (type == typeof(StreamCredits))
        {
            var credits = new StreamCredits();
            credits.RaiseTo(long.MaxValue);
            return credits;
        }

        return type == typeof(Action<PagePumpEvent>) ? static (PagePumpEvent _) => { } : json.Deserialize(type);
    }

    private void Send(PortReply reply)
    {
        lock (_output)
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(reply));
            Console.Out.Flush();
        }
    }
}
