using System.Diagnostics;
using System.Globalization;
using System.Net;
using ActorMigration.Actors.Streaming;
using ActorMigration.Contracts;
using ActorMigration.Contracts.Memory;
using ActorMigration.Host.Linux.Store;
using ActorMigration.Host.Stream;
using Microsoft.Extensions.Logging.Abstractions;

// Throughput and CPU of the page stream on loopback against a bare SslStream of the same keys, in one process; CPU per thread
// from /proc. Usage: PageStream [MiB, default 1024] [store directory, default: a sink that drops pages]
var bytes = (args.Length > 0 ? long.Parse(args[0], CultureInfo.InvariantCulture) : 1024) << 20;
var store = args.Length > 1 ? args[1] : null;

var attempt = AttemptId.New();
var fence = new Fence(1, 1);
using var serverKey = AttemptKey.Create(TimeProvider.System);
using var clientKey = AttemptKey.Create(TimeProvider.System);
await using var listener = DataListener.Start(new IPEndPoint(IPAddress.Loopback, 0), TimeProvider.System, NullLogger.Instance);
using var registration = listener.Register(attempt, fence, serverKey, clientKey.SpkiSha256);
var content = new byte[IPageSink.MaxRunBytes];
Random.Shared.NextBytes(content);

for (var repeat = 0; repeat < 3; repeat++)
{
    await Measure("bare SslStream, 256 KiB writes", Bare);
    await Measure(store is null ? "page stream, pages dropped" : "page stream into the store", Pages);
}

async Task Measure(string what, Func<DataConnection, DataConnection, Dictionary<string, double>> run)
{
    using var client = await DataClient.ConnectAsync(listener.EndPoint, attempt, fence, clientKey, serverKey.SpkiSha256.ToArray(), DataStreamKind.Pages, 0, TimeProvider.System, CancellationToken.None);
    using var server = await registration.Connections.ReadAsync();
    var started = Stopwatch.GetTimestamp();
    var cpu = run(client, server);
    var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
    var gigabytes = bytes / 1e9;
    Console.WriteLine($"{what,-32} {bytes / 1e6 / seconds,7:F0} MB/s   cpu-s/GB: {string.Join("  ", cpu.Select(thread => $"{thread.Key} {thread.Value / gigabytes:F2}"))}");
}

Dictionary<string, double> Bare(DataConnection client, DataConnection server)
{
    const int chunk = 256 << 10;
    var cpu = new Dictionary<string, double>();
    var reader = new Thread(() =>
    {
        var buffer = new byte[chunk];
        for (long read = 0; read < bytes;)
        {
            read += server.Stream.Read(buffer);
        }

        lock (cpu)
        {
            cpu["receiver"] = ThreadCpu();
        }
    });
    var writer = new Thread(() =>
    {
        for (long sent = 0; sent < bytes; sent += chunk)
        {
            client.Stream.Write(content, 0, chunk);
        }

        lock (cpu)
        {
            cpu["sender"] = ThreadCpu();
        }
    });
    reader.Start();
    writer.Start();
    reader.Join();
    writer.Join();
    return cpu;
}

Dictionary<string, double> Pages(DataConnection client, DataConnection server)
{
    var process = new ProcessKey(1, 0);
    using var pages = store is null ? null : PageStore.Create(store, new ReservationLedger(() => long.MaxValue / 2).Reserve(AttemptId.New(), bytes + (64 << 20)));
    using var done = new ManualResetEventSlim();
    var cpu = new Dictionary<string, double>();
    using var receiver = new PageReceiver(server.Stream, pages ?? (IPageSink)new Dropped(), attempt, 0, happened =>
    {
        if (happened is PageReceiverEvent.StreamComplete or PageReceiverEvent.StreamFailed)
        {
            cpu["store"] = ThreadCpu();
            done.Set();
        }
    });
    using var sender = new PageSender(client.Stream, attempt, 0);
    var credits = new StreamCredits();
    credits.RaiseTo(StreamCredits.DefaultWindow);
    receiver.Start();
    sender.Start(credits, happened =>
    {
        if (happened is PagePumpEvent.Consumed consumed)
        {
            credits.RaiseTo(consumed.Total + StreamCredits.DefaultWindow);
        }
    });
    var pack = new Thread(() =>
    {
        for (long sent = 0; sent < bytes; sent += content.Length)
        {
            sender.Pages(process, (ulong)sent + 0x10000, content, 0);
        }

        sender.EndRound(0);
        sender.Finish([]);
        cpu["pack+hash"] = ThreadCpu();
        foreach (var name in (string[])["pages-tx", "pages-rx"])
        {
            cpu[name] = NamedThreadCpu(name);
        }
    });
    pack.Start();
    pack.Join();
    done.Wait();
    if (store is not null)
    {
        PageStore.Wipe(store);
    }

    return cpu;
}

static double ThreadCpu() => Stat(File.ReadAllText("/proc/thread-self/stat"));

static double NamedThreadCpu(string name)
    => Directory.EnumerateDirectories("/proc/self/task").Where(task => File.ReadAllText(task + "/comm").Trim() == name).Sum(task => Stat(File.ReadAllText(task + "/stat")));

// Fields 14 and 15 are user and system time in ticks of 10 ms; the name in brackets may hold spaces.
static double Stat(string stat)
{
    var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
    return (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) / 100.0;
}

internal sealed class Dropped : IPageSink
{
    public void Pages(ProcessKey process, ulong address, ReadOnlySpan<byte> pages, int round)
    {
    }

    public void Zero(ProcessKey process, ulong address, long pageCount, int round)
    {
    }

    public void Gone(ProcessKey process)
    {
    }
}
