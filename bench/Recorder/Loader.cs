using System.Globalization;
using System.Net;

namespace ActorMigration.Recorder;

/// <summary>Fills a server with data fast: SETs in batches, the replies of a batch read after the next has been sent.</summary>
public sealed class Loader(IPEndPoint server, int mebibytes, int valueBytes, TimeSpan replyTimeout)
{
    /// <summary>Commands per batch: about 1 MiB of values at 4 KiB each, well below what the kernel buffers on both sides.</summary>
    private const int BatchCommands = 256;

    /// <summary>Keys are fill:0 to fill:(result - 1). Throws <see cref="IOException"/> or <see cref="RespException"/> when the server does not take it.</summary>
    public int Run()
    {
        int keys = (int)((long)mebibytes * 1024 * 1024 / valueBytes);
        var random = new Random(Seed: 2);
        using var connection = new RespConnection(server, replyTimeout);
        using var batch = new MemoryStream();
        int unanswered = 0;
        for (int key = 0; key < keys; key += BatchCommands)
        {
            int commands = Math.Min(BatchCommands, keys - key);
            batch.SetLength(0);
            for (int i = 0; i < commands; i++)
            {
                batch.Write(RespConnection.Command("SET", (key + i).ToString("'fill:'0", CultureInfo.InvariantCulture), RandomText.Next(random, valueBytes)));
            }

            connection.Send(batch.GetBuffer().AsSpan(0, (int)batch.Length));
            ReadReplies(connection, unanswered);
            unanswered = commands;
        }

        ReadReplies(connection, unanswered);
        return keys;
    }

    private static void ReadReplies(RespConnection connection, int count)
    {
        for (int i = 0; i < count; i++)
        {
            connection.ReadOk();
        }
    }
}
