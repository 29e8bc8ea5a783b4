using System.Net;
using ActorMigration.Actors;
using ActorMigration.Contracts;
using ActorMigration.Host.Linux.Files;
using ActorMigration.Host.Stream;

namespace ActorMigration.Host.Linux.Migration;

/// <summary>The source's data connections of one attempt: pages, files and images, each with the attested key on both sides.</summary>
internal sealed class SourceStreams : IDisposable
{
    private readonly DataConnection _pages;
    private readonly DataConnection _files;
    private readonly DataConnection _images;

    private SourceStreams(DataConnection pages, DataConnection files, DataConnection images, AttemptId attempt)
    {
        _pages = pages;
        _files = files;
        _images = images;
        Sender = new PageSender(pages.Stream, attempt, pages.StreamNumber);
        Pump = new RelayedPump(Sender);
        Files = new FileFrameWriter(files.Stream);
        FilesBack = new FileFrameReader(files.Stream);
        Images = new FileFrameWriter(images.Stream);
    }

    /// <summary>Takes pages from the tracker.</summary>
    internal PageSender Sender { get; }

    /// <summary>Moves them.</summary>
    internal RelayedPump Pump { get; }

    /// <summary>Passes over the writable layer.</summary>
    internal FileFrameWriter Files { get; }

    /// <summary>The destination's "durable".</summary>
    internal FileFrameReader FilesBack { get; }

    /// <summary>The skeleton.</summary>
    internal FileFrameWriter Images { get; }

    /// <summary>Sends the layers that the destination lacks over a connection of their own, then opens the three.</summary>
    internal static async Task<SourceStreams> OpenAsync(LinuxNode node, AttemptKey key, AttemptId attempt, Fence fence, DataEndpoint destination, CancellationToken cancel)
    {
        if (!IPAddress.TryParse(destination.Address, out var address) || destination.Port is <= 0 or > ushort.MaxValue)
        {
            throw new AttemptException(MigrationFailure.Internal, $"the destination names {destination.Address}:{destination.Port} as its data endpoint, which is no address");
        }

        var endPoint = new IPEndPoint(address, destination.Port);
        Task<DataConnection> Open(DataStreamKind kind) => DataClient.ConnectAsync(endPoint, attempt, fence, key, destination.KeyDigest, kind, 0, node.Time, cancel);
        if (destination.MissingLayers.Length > 0)
        {
            using var layers = await Open(DataStreamKind.Layers).ConfigureAwait(false);
            await using var stopped = cancel.Register(layers.Dispose).ConfigureAwait(false);
            await Blocking.Run(() => SendLayers(node, layers, destination.MissingLayers)).ConfigureAwait(false);
        }

        var opened = new List<DataConnection>();
        try
        {
            foreach (var kind in (DataStreamKind[])[DataStreamKind.Pages, DataStreamKind.Files, DataStreamKind.Images])
            {
                opened.Add(await Open(kind).ConfigureAwait(false));
            }

            return new SourceStreams(opened[0], opened[1], opened[2], attempt);
        }
        catch
        {
            // The destination counts them as streams of this attempt for as long as they are open.
            opened.ForEach(connection => connection.Dispose());
            throw;
        }
    }

    /// <summary>Closes all three; a thread that blocks in one of them comes back with an error.</summary>
    public void Dispose()
    {
        Pump.Stop();
        _pages.Dispose();
        _files.Dispose();
        _images.Dispose();
        Sender.Dispose();
    }

    private static void SendLayers(LinuxNode node, DataConnection connection, string[] missing)
    {
        using var to = new FileFrameWriter(connection.Stream);
        using var back = new FileFrameReader(connection.Stream);
        foreach (var layer in missing)
        {
            BlobTransfer.Offer(node.BlobDirectory, Convert.FromHexString(layer), to, back);
        }

        BlobTransfer.End(to);
    }
}
