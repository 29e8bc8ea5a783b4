using ActorMigration.Actors;
using ActorMigration.Actors.Trust;
using Akka.Actor;

namespace ActorMigration.Host.Decision;

/// <summary><see cref="IFreshnessCounter"/> by this node's tpm actor, the only user of the chip.</summary>
/// <param name="tpm">The actor.</param>
/// <param name="patience">Longest wait for an answer: a restart of the chip's connection included.</param>
internal sealed class TpmFreshnessCounter(ICanTell tpm, TimeSpan patience) : IFreshnessCounter
{
    /// <summary>In the range that the TCG leaves to the owner of a machine (Registry of Reserved TPM 2.0 Handles, 0x01800000 to 0x01BFFFFF).</summary>
    private const uint NvIndex = 0x01800A16;

    public Task<ulong?> ReadAsync(CancellationToken cancel) => AskAsync(new TpmCommands.ReadCounter(NvIndex), cancel);

    public async Task<ulong> IncrementAsync(CancellationToken cancel)
        => await AskAsync(new TpmCommands.IncrementCounter(NvIndex), cancel).ConfigureAwait(false) ?? throw new TpmUnavailableException("its counter has no value after it counted");

    private async Task<ulong?> AskAsync(ITpmCommand command, CancellationToken cancel)
    {
        object reply;
        try
        {
            reply = await tpm.Ask<object>(command, patience, cancel).ConfigureAwait(false);
        }
        catch (AskTimeoutException e)
        {
            throw new TpmUnavailableException($"no answer within {patience.TotalSeconds:0} s", e);
        }

        return reply switch
        {
            TpmReplies.CounterRead read => read.Value,
            TpmReplies.NotAttestable not => throw new TpmUnavailableException(not.Reason),
            _ => throw new TpmUnavailableException($"its counter was asked for and {reply.GetType().Name} came"),
        };
    }
}
