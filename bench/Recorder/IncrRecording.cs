using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace ActorMigration.Recorder;

/// <summary>
/// INCR after INCR over one TCP connection, each sent a moment after the one before is answered, until told to stop. The caller's thread does
/// it all, so that nothing but the server and the network lies between a reply and its time.
/// </summary>
public sealed class IncrRecording(IPEndPoint server, string key, int intervalMs, TimeSpan replyTimeout, double noteworthyGapMs, TimeProvider time)
{
    private readonly ReplySequence _sequence = new(noteworthyGapMs);

    /// <summary>Runs until <paramref name="stop"/> is set or the connection breaks; both end in a result, the latter with its reason.</summary>
    public IncrResult Run(CancellationToken stop)
    {
        string? broken = null;
        DateTimeOffset startedAt = time.GetUtcNow();
        long started = Stopwatch.GetTimestamp();
        try
        {
            using var connection = new RespConnection(server, replyTimeout);
            byte[] incr = RespConnection.Command("INCR", key);
            while (!stop.WaitHandle.WaitOne(intervalMs))
            {
                connection.Send(incr);
                long value = connection.ReadInteger();
                _sequence.Add(value, startedAt.ToUnixTimeMilliseconds() + Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            }
        }
        catch (Exception e) when (e is IOException or SocketException or RespException)
        {
            broken = e.Message;
        }

        return new IncrResult(
            _sequence.Replies,
            _sequence.First,
            _sequence.Last,
            _sequence.Lost,
            _sequence.Repeated,
            Math.Round(_sequence.GapMsMax, 1),
            Math.Round(Stopwatch.GetElapsedTime(started).TotalSeconds, 1),
            broken,
            _sequence.Gaps);
    }
}
