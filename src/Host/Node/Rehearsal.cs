using ActorMigration.Contracts;
using ActorMigration.Host.Linux.Criu;
using ActorMigration.Host.Stream;
using Akka.Actor;
using Microsoft.Extensions.Logging;

namespace ActorMigration.Host.Node;

/// <summary>
/// Does once, right after the start and beside everything else, what a daemon otherwise does for the first time while a container stands still: the serializer's code for each message
/// of an attempt (165 ms for the first hand-over), signing and checking a hand-over, and CRIU's look at the kernel, which it keeps in /run. Nothing depends on it; what fails is said in the
/// log and fails again where it matters.
/// </summary>
internal static class Rehearsal
{
    internal static async Task RunAsync(ActorSystem system, CriuTool criu, TimeProvider time, ILogger log, CancellationToken cancel)
    {
        var began = time.GetTimestamp();
        try
        {
            var messages = await Task.Run(() => SendAround(system), cancel).ConfigureAwait(false);
            SignHandOver(time);
            await criu.CheckAsync(time, cancel).ConfigureAwait(false);
            log.LogInformation("Rehearsed {Messages} messages, a signature and CRIU's check of the kernel in {Ms:0} ms", messages, time.GetElapsedTime(began).TotalMilliseconds);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // The daemon stops.
        }
        catch (Exception e)
        {
            // Whatever it is: a rehearsal must not end a daemon.
            log.LogWarning("The rehearsal after the start failed: {Sentence}", e.Message);
        }
    }

    /// <summary>Writes and reads a sample of every message between the two sides of an attempt.</summary>
    internal static int SendAround(ActorSystem system)
    {
        var count = 0;
        foreach (var type in WireTypes.Messages(typeof(IWire).Assembly).Where(type => typeof(IAttemptMessage).IsAssignableFrom(type)))
        {
            if (WireSample.Of(type) is { } sample)
            {
                var serializer = (Akka.Serialization.SerializerWithStringManifest)system.Serialization.FindSerializerFor(sample);
                serializer.FromBinary(serializer.ToBinary(sample), serializer.Manifest(sample));
                count++;
            }
        }

        return count;
    }

    private static void SignHandOver(TimeProvider time)
    {
        using var key = AttemptKey.Create(time);
        var manifest = (Manifest)WireSample.Of(typeof(Manifest))!;
        var token = key.SignHandOver(manifest, new byte[AttemptKey.DigestSize]);
        HandOverSignature.Verify(token, key.SpkiSha256.ToArray());
    }
}
