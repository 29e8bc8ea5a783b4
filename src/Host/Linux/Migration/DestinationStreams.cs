using System.Threading.Channels;
using ActorMigration.Actors;
using ActorMigration.Contracts;
using ActorMigration.Host.Linux.Criu;
using ActorMigration.Host.Linux.Files;
using ActorMigration.Host.Linux.Store;
using ActorMigration.Host.Stream;

namespace ActorMigration.Host.Linux.Migration;

/// <summary>
/// Receives what the source sends for one attempt, from prepare on, each stream on threads of its own. What has arrived is a task per stream; a stream
/// that breaks fails its task, and nothing is believed before its digest has been compared with the signed manifest.
/// </summary>
internal sealed class DestinationStreams : IDisposable
{
    /// <summary>Bytes of all images of one skeleton without eager memory: metadata of processes, sockets with their queues, stacks.</summary>
    private const long SkeletonBytes = 512L << 20;

    /// <summary>Bytes of one layer's blob; above what a registry would serve.</summary>
    private const long MaxLayerBytes = 64L << 30;

    private readonly LinuxNode _node;
    private readonly DataRegistration _registration;
    private readonly PageStore _store;
    private readonly SourceSurvey _survey;
    private readonly string _upper;
    private readonly string _images;
    private readonly LayerLimits _limits;
    private readonly List<IDisposable> _open = [];
    private readonly TaskCompletionSource<(byte[] Index, byte[] Digest)> _pages = New<(byte[], byte[])>();
    private readonly TaskCompletionSource<byte[]> _files = New<byte[]>();
    private readonly TaskCompletionSource<byte[]> _imageDigest = New<byte[]>();
    private readonly TaskCompletionSource _settled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _layers = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal DestinationStreams(LinuxNode node, DataRegistration registration, PageStore store, SourceSurvey survey, bool hasLayers, string upper, string images, LayerLimits limits)
    {
        _node = node;
        _registration = registration;
        _store = store;
        _survey = survey;
        _upper = upper;
        _images = images;
        _limits = limits;
        if (hasLayers)
        {
            _layers.SetResult();
        }

        _ = AcceptAsync();
    }

    /// <summary>Most bytes that the images of a container may have: the skeleton, and the memory that crosses with it.</summary>
    internal static long MaxImageBytes(SourceSurvey survey) => SkeletonBytes + (2 * survey.EagerBytes);

    /// <summary>Final index and digest of the page stream.</summary>
    internal Task<(byte[] Index, byte[] Digest)> Pages => _pages.Task;

    /// <summary>Digest of the file stream; everything of it is durable.</summary>
    internal Task<byte[]> Files => _files.Task;

    /// <summary>The writable layer has every name; it may be mounted.</summary>
    internal Task Settled => _settled.Task;

    /// <summary>Digest of the skeleton.</summary>
    internal Task<byte[]> Images => _imageDigest.Task;

    /// <summary>Every layer of the image is here.</summary>
    internal Task Layers => _layers.Task;

    public void Dispose()
    {
        _registration.Dispose();
        lock (_open)
        {
            _open.ForEach(stream => stream.Dispose());
            _open.Clear();
        }

        Fail(new AttemptException(MigrationFailure.Cancelled, "the attempt ended on this host before all had arrived"));
    }

    private async Task AcceptAsync()
    {
        try
        {
            await foreach (var connection in _registration.Connections.ReadAllAsync().ConfigureAwait(false))
            {
                lock (_open)
                {
                    _open.Add(connection);
                }

                Begin(connection);
            }
        }
        catch (ChannelClosedException)
        {
            // The registration is over: so is the attempt.
        }
    }

    private void Begin(DataConnection connection)
    {
        switch (connection.Kind)
        {
            case DataStreamKind.Pages:
                var receiver = new PageReceiver(connection.Stream, _store, connection.Attempt, connection.StreamNumber, OnPages);
                lock (_open)
                {
                    _open.Add(receiver);
                }

                receiver.Start();
                break;
            case DataStreamKind.Files:
                _ = Run(_files, () => ReceiveFiles(connection));
                break;
            case DataStreamKind.Images:
                _ = Run(_imageDigest, () => ReceiveImages(connection));
                break;
            default:
                _ = Run(null, () => ReceiveLayers(connection));
                break;
        }
    }

    private void OnPages(PageReceiverEvent happened)
    {
        switch (happened)
        {
            case PageReceiverEvent.StreamComplete(var index, var digest):
                _pages.TrySetResult((index, digest));
                break;
            case PageReceiverEvent.StreamFailed(var failure, var reason):
                _pages.TrySetException(new AttemptException(
                    failure == Contracts.Wire.StreamFailure.NoRoom ? MigrationFailure.NoRoom : MigrationFailure.StreamBroken, $"the page stream from the source broke ({failure}): {reason}"));
                break;
        }
    }

    private byte[] ReceiveFiles(DataConnection connection)
    {
        using var from = new FileFrameReader(connection.Stream);
        using var back = new FileFrameWriter(connection.Stream);
        using var receiver = new LayerReceiver(_upper, _limits);
        while (true)
        {
            var report = receiver.ReceivePass(from, () => _settled.TrySetResult());
            receiver.MakeDurable();
            var digest = from.Digest();
            DurableAnswer.Send(back, report.Pass, digest);
            if (_settled.Task.IsCompleted)
            {
                return digest;
            }
        }
    }

    private byte[] ReceiveImages(DataConnection connection)
    {
        using var from = new FileFrameReader(connection.Stream);
        return DirectoryTransfer.Receive(
            from, _images, name => name is LinuxSourceAttempt.HeldFramesName or MemoryWitness.FileName || ImageCheck.IsAllowed(name), MaxImageBytes(_survey));
    }

    private byte[] ReceiveLayers(DataConnection connection)
    {
        using var from = new FileFrameReader(connection.Stream);
        using var back = new FileFrameWriter(connection.Stream);
        Directory.CreateDirectory(_node.BlobDirectory);
        BlobTransfer.Receive(from, back, _node.BlobDirectory, _survey.Layers.ToHashSet(StringComparer.Ordinal), MaxLayerBytes);
        connection.Dispose();
        _layers.TrySetResult();
        return [];
    }

    /// <summary>A failure of one stream fails all that has not arrived: the attempt can only end.</summary>
    private async Task Run(TaskCompletionSource<byte[]>? arrived, Func<byte[]> receive)
    {
        try
        {
            var digest = await Blocking.Run(receive).ConfigureAwait(false);
            arrived?.TrySetResult(digest);
        }
        catch (Exception failure)
        {
            Fail(AttemptErrors.Name("receiving from the source", failure));
        }
    }

    private void Fail(AttemptException failure)
    {
        _pages.TrySetException(failure);
        _files.TrySetException(failure);
        _imageDigest.TrySetException(failure);
        _settled.TrySetException(failure);
        _layers.TrySetException(failure);
        // Who waits for one of them hears of it; the others are nobody's unobserved errors.
        foreach (var task in (Task[])[_pages.Task, _files.Task, _imageDigest.Task, _settled.Task, _layers.Task])
        {
            _ = task.Exception;
        }
    }

    private static TaskCompletionSource<T> New<T>() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
