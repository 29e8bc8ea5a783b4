using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace ActorMigration.Recorder;

/// <summary>
/// The demo's client of redis: <c>recorder incr</c> counts over one connection and records what a client of a migrating container sees,
/// <c>recorder fill</c> loads data, <c>recorder digest</c> reads the memory of a process from outside. Each prints one JSON object on stdout. Exit code 0: done; 1: the connection broke, or numbers
/// were lost or repeated (the JSON says which).
/// </summary>
internal static class Program
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private static readonly Option<string> Server = new("--server") { Description = "Address of the server, as IP:PORT.", Required = true };
    private static readonly Option<int> ReplyTimeout = new("--reply-timeout")
    {
        Description = "Seconds without a reply after which the connection counts as broken.",
        DefaultValueFactory = _ => 60,
    };

    private static int Main(string[] args)
    {
        var root = new RootCommand("Client of redis that records what a migration does to its users.") { IncrCommand(), FillCommand(), DigestCommand() };
        return root.Parse(args).Invoke();
    }

    private static Command IncrCommand()
    {
        var key = new Option<string>("--key") { Description = "Key that only this recorder writes.", DefaultValueFactory = _ => "recorder" };
        var interval = new Option<int>("--interval")
        {
            Description = "Ms between a reply and the next INCR; 0 goes as fast as it can and leaves little of two cores to others.",
            DefaultValueFactory = _ => 1,
        };
        var gap = new Option<double>("--gap") { Description = "Pauses of at least this many ms are listed.", DefaultValueFactory = _ => 50 };
        var rate = new Option<int>("--background") { Description = "SETs of random keys per second beside, over a second connection.", DefaultValueFactory = _ => 0 };
        var keys = new Option<int>("--keys") { Description = "Number of keys that the background writes touch.", DefaultValueFactory = _ => 1000 };
        var bytes = new Option<int>("--value-bytes") { Description = "Bytes of a value of the background writes.", DefaultValueFactory = _ => 1024 };
        var command = new Command("incr", "Counts until SIGTERM or SIGINT, then prints what it saw.") { Server, ReplyTimeout, key, interval, gap, rate, keys, bytes };
        command.SetAction(parsed =>
        {
            IPEndPoint server = IPEndPoint.Parse(parsed.GetValue(Server)!);
            TimeSpan timeout = TimeSpan.FromSeconds(parsed.GetValue(ReplyTimeout));
            var recording = new IncrRecording(server, parsed.GetValue(key)!, parsed.GetValue(interval), timeout, parsed.GetValue(gap), TimeProvider.System);
            var writer = new BackgroundWriter(server, parsed.GetValue(rate), parsed.GetValue(keys), parsed.GetValue(bytes), timeout);
            return Record(recording, writer);
        });
        return command;
    }

    private static int Record(IncrRecording recording, BackgroundWriter writer)
    {
        using var stop = new CancellationTokenSource();
        using PosixSignalRegistration term = StopOn(PosixSignal.SIGTERM, stop);
        using PosixSignalRegistration interrupt = StopOn(PosixSignal.SIGINT, stop);
        var background = new Thread(() => writer.Run(stop.Token)) { IsBackground = true, Name = "background-writer" };
        background.Start();
        IncrResult result = recording.Run(stop.Token);
        stop.Cancel();
        background.Join();
        Console.WriteLine(JsonSerializer.Serialize(
            new { result.Replies, result.First, result.Last, result.Lost, result.Repeated, result.GapMsMax, result.Seconds, result.Broken, BackgroundWrites = writer.Written, BackgroundBroken = writer.Broken, result.Gaps },
            Json));
        return result is { Broken: null, Lost: 0, Repeated: 0 } && writer.Broken is null ? 0 : 1;
    }

    private static PosixSignalRegistration StopOn(PosixSignal signal, CancellationTokenSource stop)
        => PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            stop.Cancel();
        });

    private static Command FillCommand()
    {
        var mebibytes = new Option<int>("--mib") { Description = "Mebibytes of values to load.", Required = true };
        var bytes = new Option<int>("--value-bytes") { Description = "Bytes of one value.", DefaultValueFactory = _ => 4096 };
        var command = new Command("fill", "Loads random values under keys fill:0, fill:1, …") { Server, ReplyTimeout, mebibytes, bytes };
        command.SetAction(parsed => Fill(new Loader(
            IPEndPoint.Parse(parsed.GetValue(Server)!),
            parsed.GetValue(mebibytes),
            parsed.GetValue(bytes),
            TimeSpan.FromSeconds(parsed.GetValue(ReplyTimeout)))));
        return command;
    }

    private static int Fill(Loader loader)
    {
        try
        {
            Console.WriteLine(JsonSerializer.Serialize(new { Keys = loader.Run() }, Json));
            return 0;
        }
        catch (Exception e) when (e is IOException or SocketException or RespException)
        {
            Console.Error.WriteLine($"recorder: cannot load data: {e.Message}");
            return 1;
        }
    }

    private static Command DigestCommand()
    {
        var memory = new Option<string>("--memory") { Description = "Path of the process's mem file, as /proc/PID/mem.", Required = true };
        var address = new Option<long>("--address") { Description = "First byte.", Required = true };
        var bytes = new Option<long>("--bytes") { Description = "How many bytes.", Required = true };
        var command = new Command("digest", "SHA-256 over a stretch of another process's memory.") { memory, address, bytes };
        command.SetAction(parsed =>
        {
            try
            {
                string digest = MemoryDigest.Of(parsed.GetValue(memory)!, parsed.GetValue(address), parsed.GetValue(bytes));
                Console.WriteLine(JsonSerializer.Serialize(new { Sha256 = digest }, Json));
                return 0;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Console.Error.WriteLine($"recorder: cannot read that memory: {e.Message}");
                return 1;
            }
        });
        return command;
    }
}
