using System.Net.Sockets;
using ActorMigration.Actors;
using ActorMigration.Contracts;
using ActorMigration.Host.Linux.Criu;
using ActorMigration.Host.Linux.Criu.Images;
using ActorMigration.Host.Linux.Files;
using ActorMigration.Host.Linux.Network;
using ActorMigration.Host.Linux.Pager;
using ActorMigration.Host.Linux.Processes;
using ActorMigration.Host.Linux.Store;
using ActorMigration.Host.Linux.Tracking;
using ActorMigration.Host.Stream;

namespace ActorMigration.Host.Linux.Migration;

/// <summary>Turns what the pieces throw into the one type that the attempt's actors know. The only place where that mapping stands.</summary>
internal static class AttemptErrors
{
    /// <summary>Runs one step of a port.</summary>
    internal static async Task<T> Of<T>(string step, Func<Task<T>> body)
    {
        try
        {
            return await body().ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is not AttemptException)
        {
            throw Name(step, failure);
        }
    }

    /// <inheritdoc cref="Of{T}"/>
    internal static Task Of(string step, Func<Task> body) => Of(step, async () =>
    {
        await body().ConfigureAwait(false);
        return true;
    });

    /// <summary>The failure and the sentence for an exception of a step.</summary>
    internal static AttemptException Name(string step, Exception failure) => failure switch
    {
        AttemptException named => named,
        OperationCanceledException => new(MigrationFailure.Cancelled, $"{step} was cancelled", failure),
        DumpFailedException dump => new(MigrationFailure.NotDumpable, dump.Message, dump) { Retryable = dump.Retryable },
        AttachException attach => new(MigrationFailure.NotDumpable, attach.Message, attach),
        SharedAddressSpaceException shared => new(MigrationFailure.NotDumpable, shared.Message, shared) { Retryable = shared.IsRetryable },
        PagesOwedException owed => new(MigrationFailure.ContentMismatch, owed.Message, owed),
        RestoreFailedException restore => new(MigrationFailure.RestoreFailed, restore.Message, restore),
        ImageRefusedException refused => new(MigrationFailure.ContentMismatch, refused.Message, refused),
        CriuImageException image => new(MigrationFailure.ContentMismatch, image.Message, image),
        PagerException pager => new(MigrationFailure.RestoreFailed, pager.Message, pager),
        StoreFullException full => new(MigrationFailure.NoRoom, full.Message, full),
        ReservationRefusedException refused => new(MigrationFailure.NoRoom, refused.Message, refused),
        LayerException { Failure: LayerFailure.NoSpace or LayerFailure.OverReservation } full => new(MigrationFailure.NoRoom, full.Message, full),
        LayerException { Failure: LayerFailure.CannotCarry } layer => new(MigrationFailure.NotDumpable, layer.Message, layer),
        LayerException layer => new(MigrationFailure.ContentMismatch, layer.Message, layer),
        PageStreamException stream => new(MigrationFailure.StreamBroken, stream.Message, stream),
        DataPlaneException { Failure: DataPlaneFailure.NotAuthenticated } peer => new(MigrationFailure.WrongPeer, peer.Message, peer),
        DataPlaneException plane => new(MigrationFailure.StreamBroken, plane.Message, plane),
        StaleFenceException stale => new(MigrationFailure.LeftoversFound, stale.Message, stale),
        ToolFailedException or LinuxException => new(MigrationFailure.Internal, $"{step} failed: {failure.Message}", failure),
        EndOfStreamException or SocketException => new(MigrationFailure.StreamBroken, $"{step}: the stream to the other host broke: {failure.Message}", failure),
        IOException => new(MigrationFailure.StreamBroken, $"{step} failed: {failure.Message}", failure),
        _ => new(MigrationFailure.Internal, $"{step} failed unexpectedly: {failure.GetType().Name}: {failure.Message}", failure),
    };
}
