using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace ActorMigration.Recorder;

/// <summary>
/// SET of random keys at a steady rate over a connection of its own, so that memory and append-only file change while the container moves.
/// After a pause it goes on at its rate and does not make up for what it missed.
/// </summary>
public sealed class BackgroundWriter(IPEndPoint server, int perSecond, int keys, int valueBytes, TimeSpan replyTimeout)
{
    /// <summary>Writes are sent in bursts this far apart, ms.</summary>
    private const int TurnMs = 10;

    /// <summary>Writes that the server has acknowledged.</summary>
    public long Written { get; private set; }

    /// <summary>Why it ended early; null if it did not.</summary>
    public string? Broken { get; private set; }

    /// <summary>Blocks its thread until <paramref name="stop"/> is set or the connection breaks.</summary>
    public void Run(CancellationToken stop)
    {
        var random = new Random(Seed: 1);
        double due = 0;
        long turn = Stopwatch.GetTimestamp();
        try
        {
            using var connection = new RespConnection(server, replyTimeout);
            while (!stop.WaitHandle.WaitOne(TurnMs))
            {
                due += Math.Min(Stopwatch.GetElapsedTime(turn).TotalSeconds, 2 * TurnMs / 1000.0) * perSecond;
                turn = Stopwatch.GetTimestamp();
                for (; due >= 1; due--)
                {
                    string key = string.Create(CultureInfo.InvariantCulture, $"fill:{random.Next(keys)}");
                    connection.Send(RespConnection.Command("SET", key, RandomText.Next(random, valueBytes)));
                    connection.ReadOk();
                    Written++;
                }
            }
        }
        catch (Exception e) when (e is IOException or SocketException or RespException)
        {
            Broken = e.Message;
        }
    }
}
