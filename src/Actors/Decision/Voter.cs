using System.Collections.Immutable;
using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>
/// The durable voter of this host: <see cref="VoterCore"/> over an <see cref="IRecordLog{TRecord}"/>, one request at a time. Called by the voters' listener (and by this
/// node's own client without a socket). It is no actor on purpose: a container may stand frozen until a majority has answered, so voting must not depend on
/// the actor system, which cluster downing may stop. Before it is admitted (<see cref="VoterAdmission"/>) it says nothing but that.
/// </summary>
public sealed class Voter : IDisposable
{
    /// <summary>Records after which the log is rewritten; some hundred bytes each, so that replay at start-up stays in the milliseconds.</summary>
    public const int CompactAfterRecords = 10_000;

    private readonly HostName _self;
    private readonly Func<Guid, VoterCore> _coreOf;
    private readonly IVoterMembership _membership;
    private readonly IRecordLog<VoterRecord> _store;
    private readonly SemaphoreSlim _oneAtATime = new(1, 1);
    private ImmutableDictionary<ContainerName, ContainerBallots> _containers = ImmutableDictionary<ContainerName, ContainerBallots>.Empty;
    private VoterCore _core;
    private int _records;
    private bool _isDiskUnknown;
    private bool _votes;

    /// <param name="self">This host.</param>
    /// <param name="coreOf">The rules, for an incarnation.</param>
    /// <param name="membership">Which incarnation it is.</param>
    /// <param name="store">Its memory.</param>
    public Voter(HostName self, Func<Guid, VoterCore> coreOf, IVoterMembership membership, IRecordLog<VoterRecord> store)
    {
        _self = self;
        _coreOf = coreOf;
        _core = coreOf(membership.Current.Incarnation);
        _membership = membership;
        _store = store;
        var records = store.Load();
        _records = records.Length;
        foreach (var record in records)
        {
            Apply(record);
        }
    }

    /// <summary>Answers one request of the node that the connection's certificate names. Throws while the disk fails; nothing is then said.</summary>
    public async Task<VoterReply> AnswerAsync(HostName peer, VoterRequest request)
    {
        await _oneAtATime.WaitAsync().ConfigureAwait(false);
        try
        {
            if (_isDiskUnknown)
            {
                // Nothing is said from memory before the disk is known to say the same: what failed is taken back, or this throws again.
                await _store.AppendAsync([]).ConfigureAwait(false);
                _isDiskUnknown = false;
            }

            if (request is VoterRequest.AskMemory ask)
            {
                return Remember(ask.After);
            }

            if (!_votes)
            {
                return request is VoterRequest.Begin
                    ? new VoterReply.BeginRefused(_self, BeginRefusal.OtherIncarnation, WhySilent())
                    : new VoterReply.Refused(_self, WhySilent());
            }

            var container = ContainerOf(request);
            var state = _containers.GetValueOrDefault(container) ?? ContainerBallots.Fresh(container);
            var (records, reply) = _core.Answer(state, peer, request);
            if (records.Length > 0)
            {
                await PersistAsync(records).ConfigureAwait(false);
            }

            return reply;
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    /// <summary>Its memory is its newest: it votes. Called by whoever asked the TPM.</summary>
    public Task ConfirmAsync() => AloneAsync(() =>
    {
        _votes = true;
        return Task.CompletedTask;
    });

    /// <summary>Makes durable which voter it is, and becomes that one.</summary>
    public Task NoteAsync(VoterMembership membership) => AloneAsync(async () =>
    {
        await _membership.WriteAsync(membership).ConfigureAwait(false);
        _core = _coreOf(membership.Incarnation);
    });

    /// <summary>Makes durable what others know, before it may speak.</summary>
    public Task TakeOverAsync(ImmutableArray<ContainerBallots> told) => AloneAsync(async () =>
    {
        var known = VoterAdmission.TakenOver([.. _containers.Values], told);
        if (known.Length > 0)
        {
            await PersistAsync(known).ConfigureAwait(false);
        }
    });

    public void Dispose() => _oneAtATime.Dispose();

    private VoterReply.Memory Remember(ContainerName? after)
    {
        var floors = _containers.Values
            .Where(c => after is not { } last || string.CompareOrdinal(c.Container.Value, last.Value) > 0)
            .OrderBy(c => c.Container.Value, StringComparer.Ordinal)
            .Take(VoterFrames.MaxFloors + 1)
            .Select(VoterAdmission.WhatIsTold)
            .ToArray();
        var membership = _membership.Current;
        return new VoterReply.Memory(
            _self, membership.Incarnation, membership.Standing(_votes), [.. membership.Founders],
            [.. floors.Take(VoterFrames.MaxFloors)], floors.Length > VoterFrames.MaxFloors);
    }

    private string WhySilent() => $"voter {_self} does not vote: it has no memory or an old one, or its TPM has not answered yet; its log says what it waits for";

    private async Task AloneAsync(Func<Task> change)
    {
        await _oneAtATime.WaitAsync().ConfigureAwait(false);
        try
        {
            await change().ConfigureAwait(false);
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    private async Task PersistAsync(ImmutableArray<VoterRecord> records)
    {
        // Until the write is known to be complete, memory and disk may differ.
        _isDiskUnknown = true;
        await _store.AppendAsync(records).ConfigureAwait(false);
        _isDiskUnknown = false;
        foreach (var record in records)
        {
            Apply(record);
        }

        _records += records.Length;
        if (_records >= CompactAfterRecords + _containers.Count)
        {
            ImmutableArray<VoterRecord> snapshots = [.. _containers.Values.Select(c => new VoterRecord.Snapshot(c))];
            await CompactAsync(snapshots).ConfigureAwait(false);
        }
    }

    private async Task CompactAsync(ImmutableArray<VoterRecord> snapshots)
    {
        try
        {
            await _store.CompactAsync(snapshots).ConfigureAwait(false);
            _records = snapshots.Length;
        }
        catch (IOException)
        {
            // The log is as good as it was, only longer: tried again after the next record.
        }
    }

    private void Apply(VoterRecord record)
    {
        var state = _containers.GetValueOrDefault(record.Container) ?? ContainerBallots.Fresh(record.Container);
        _containers = _containers.SetItem(record.Container, state.Apply(record));
    }

    private static ContainerName ContainerOf(VoterRequest request) => request switch
    {
        VoterRequest.AskFloor r => r.Container,
        VoterRequest.Begin r => r.Registration.Register.Container,
        VoterRequest.Prepare r => r.Register.Container,
        VoterRequest.Accept r => r.Register.Container,
        VoterRequest.Learn r => r.Certificate.Register.Container,
        VoterRequest.Withdraw r => r.Register.Container,
        VoterRequest.Release r => r.Container,
        _ => throw new ArgumentException($"{request.GetType().Name} is no request to a voter", nameof(request)),
    };
}
