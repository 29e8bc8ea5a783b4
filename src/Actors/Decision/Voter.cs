using System.Collections.Immutable;
using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>
/// The durable voter of this host: <see cref="VoterCore"/> over an <see cref="IRecordLog{TRecord}"/>, one request at a time. Called by the voters' listener (and by this
/// node's own client without a socket). It is no actor on purpose: a container may stand frozen until a majority has answered, so voting must not depend on
/// the actor system, which cluster downing may stop. Before it is admitted (<see cref="VoterAdmission"/>) it says nothing but that.
/// </summary>
public sealed class Voter : IResolutionSeat, IDisposable
{
    /// <summary>Records after which the log is rewritten; some hundred bytes each, so that replay at start-up stays in the milliseconds.</summary>
    public const int CompactAfterRecords = 10_000;

    private readonly HostName _self;
    private readonly Func<Guid, VoterCore> _coreOf;
    private readonly IVoterMembership _membership;
    private readonly IRecordLog<VoterRecord> _store;
    private readonly Func<JournalState> _journal;
    private readonly SemaphoreSlim _oneAtATime = new(1, 1);
    private ImmutableDictionary<ContainerName, ContainerBallots> _containers = ImmutableDictionary<ContainerName, ContainerBallots>.Empty;
    private VoterCore _core;
    private int _records;
    private bool _isDiskUnknown;
    private bool _votes;

    /// <summary>Guards <see cref="_acted"/> and <see cref="_barred"/>, which attempts ask without waiting for the disk.</summary>
    private readonly Lock _seat = new();

    /// <summary>Per container the verdict that this host's last attempt acts on.</summary>
    private readonly Dictionary<ContainerName, VerdictCertificate> _acted;

    /// <summary>Per container the register that the operator was promised, and its generation.</summary>
    private readonly Dictionary<ContainerName, (RegisterId Register, int Generation)> _barred = [];

    /// <param name="self">This host.</param>
    /// <param name="coreOf">The rules, for an incarnation.</param>
    /// <param name="membership">Which incarnation it is.</param>
    /// <param name="store">Its memory.</param>
    /// <param name="journal">What this host's own attempts have on its disk now.</param>
    public Voter(HostName self, Func<Guid, VoterCore> coreOf, IVoterMembership membership, IRecordLog<VoterRecord> store, Func<JournalState> journal)
    {
        _self = self;
        _coreOf = coreOf;
        _core = coreOf(membership.Current.Incarnation);
        _membership = membership;
        _store = store;
        _journal = journal;
        _acted = journal().LastClosed.ToDictionary(one => one.Key, one => one.Value.Certificate);
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
                LiftUnwrittenBars();
            }

            if (request is VoterRequest.AskMemory ask)
            {
                return Remember(ask.After);
            }

            if (request is VoterRequest.AskResolutions)
            {
                return new VoterReply.Resolutions(_self, IsMember(), [.. Resolutions().Take(VoterFrames.MaxResolutions).Select(kept => kept.Register)]);
            }

            if (request is VoterRequest.AskWhetherLost look)
            {
                return WhyNotLost(look.Registration) is { } stands ? new VoterReply.Refused(_self, stands) : new VoterReply.Done(_self);
            }

            if (!_votes && request is not (VoterRequest.PrepareResolution or VoterRequest.ConsentToResolution or VoterRequest.SpreadResolution))
            {
                return request is VoterRequest.Begin
                    ? new VoterReply.BeginRefused(_self, BeginRefusal.OtherIncarnation, WhySilent())
                    : new VoterReply.Refused(_self, WhySilent());
            }

            var container = ContainerOf(request);
            var state = _containers.GetValueOrDefault(container) ?? ContainerBallots.Fresh(container);
            var (records, reply) = _core.Answer(state, peer, request);
            if (request is VoterRequest.PrepareResolution prepare && records.Length > 0 && Bar(prepare) is { } instead)
            {
                return instead;
            }

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

    /// <summary>Raised when this host has heard the operator's verdict, or the voters' that a promise to the operator kept it from, for its own attempt; after it is on the disk.</summary>
    public event Action<VerdictCertificate>? Resolved;

    /// <summary>
    /// Whether what a side of a register needs to go on stands on this host: its copy, or its tree at the gate. Asked before the operator is promised that it will; null while the daemon starts.
    /// </summary>
    public Func<Registration, Verdict, bool>? CanGoOn { get; set; }

    /// <summary>
    /// Whether anything of a register's container is on this host that runs or could: a copy, a whole tree at its gate, or one that is through it, whatever the records say. Asked before the operator is believed that it is lost; null while the daemon starts.
    /// </summary>
    public Func<RegisterId, bool>? StillStands { get; set; }

    /// <summary>
    /// Whether a register's container runs on this host by that register, whatever the journal says: a full disk may have kept a verdict from it that was acted on. Asked of a side that is to lose it to the operator's word; null while the daemon starts.
    /// </summary>
    public Func<RegisterId, bool>? Runs { get; set; }

    /// <summary>Whether this host is a member of the cluster now. Told to hosts that start; nothing is decided by it here.</summary>
    public Func<bool> IsMember { get; set; } = static () => false;

    /// <inheritdoc/>
    public bool Admit(VerdictCertificate certificate)
    {
        var register = certificate.Register;
        lock (_seat)
        {
            if (_barred.TryGetValue(register.Container, out var barred) && barred.Register == register && certificate.Generation < barred.Generation)
            {
                return false;
            }

            // The operator's verdict has ended that promise, and is on its way to the attempt: what the voters said, and has been on its way for longer, must not overtake it.
            if (VerdictOf(register)?.Generation > certificate.Generation)
            {
                return false;
            }

            _acted[register.Container] = certificate;
            return true;
        }
    }

    /// <inheritdoc/>
    public VerdictCertificate? VerdictOf(RegisterId register)
        => _containers.GetValueOrDefault(register.Container)?.Kept.Select(k => k.Register.Certificate).FirstOrDefault(c => c.Register == register);

    /// <summary>True while this host has promised the operator to act on nothing else in a register.</summary>
    public bool WaitsForOperator(RegisterId register) => _containers.GetValueOrDefault(register.Container)?.Resolving?.Registration.Register == register;

    /// <summary>The operator's verdicts that somebody may not have heard of.</summary>
    public ImmutableArray<KeptVerdict> Resolutions() => [.. _containers.Values.SelectMany(c => c.Kept).Where(k => k.Register.Certificate.Generation > 0)];

    /// <summary>How those registers were begun that have no verdict yet as far as this host knows, or the operator's that not all hosts have heard of.</summary>
    public IEnumerable<Registration> UnsettledRegistrations()
        => _containers.Values.SelectMany(c => new[] { c.Open?.Registration, c.Resolving?.Registration }).OfType<Registration>().Concat(Resolutions().Select(k => k.Register.Registration));

    /// <summary>A host has the operator's verdict on its disk; whether its attempt has is another matter.</summary>
    public Task NoteToldAsync(RegisterId register, HostName host) => AloneAsync(() => PersistAsync([new VoterRecord.Told(register, host)]));

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
            [.. floors.Take(VoterFrames.MaxFloors)], floors.Length > VoterFrames.MaxFloors, new VoterSet(_core.SetNumber, [.. _core.Voters]));
    }

    /// <summary>
    /// From here on this host's attempt acts on no verdict of a lower generation, even if the promise then cannot be written. Not null when it already does, or cannot do what
    /// the operator wants.
    /// </summary>
    private VoterReply? Bar(VoterRequest.PrepareResolution prepare)
    {
        var register = prepare.Registration.Register;
        lock (_seat)
        {
            if (_acted.TryGetValue(register.Container, out var acted) && acted.Register == register)
            {
                return new VoterReply.Decided(acted);
            }

            // One that has consented to this already is bound to it, whatever has become of what stood here.
            var isBound = !prepare.IsLost && _containers.GetValueOrDefault(register.Container)?.Resolving?.Consented is { IsLost: false } consented && consented.Value == prepare.Value;
            if (!isBound && (prepare.IsLost ? WhyNotLost(prepare.Registration) : WhyNotCarryOut(prepare)) is { } why)
            {
                return new VoterReply.Refused(_self, why);
            }

            _barred[register.Container] = (register, prepare.Generation);
            return null;
        }
    }

    private string? WhyNotCarryOut(VoterRequest.PrepareResolution prepare)
    {
        var registration = prepare.Registration;
        if (registration.SideOf(prepare.Value) != _self)
        {
            return _self != registration.Source && _self != registration.Destination ? null
                : Runs is not { } runs ? StillStarting
                : runs(registration.Register) ? $"{registration.Register.Container} runs on host {_self}, which a verdict of attempt {registration.Register.Attempt} must have let it do: it can be given to no other host"
                : null;
        }

        var attempt = registration.Register.Attempt;
        return !_journal().Open.TryGetValue(attempt, out var open) ? $"host {_self} has no open attempt {attempt}, so nothing of it can go on there"
            : CanGoOn is not { } canGoOn ? StillStarting
            : prepare.Value == Verdict.Dest && (open.Proposed != Verdict.Dest || !canGoOn(registration, Verdict.Dest)) ? $"the restored tree of attempt {attempt} does not wait at its gate on host {_self}: nothing of it can go on there"
            : prepare.Value == Verdict.Source && !canGoOn(registration, Verdict.Source) ? $"no copy of {registration.Register.Container} stands on host {_self} any more: nothing of it can go on there"
            : null;
    }

    /// <summary>What is not known to be gone is not given up.</summary>
    private string? WhyNotLost(Registration registration)
    {
        var (container, _, attempt) = registration.Register;
        if (_self != registration.Source && _self != registration.Destination)
        {
            return null;
        }

        return StillStands is not { } stands ? StillStarting
            : stands(registration.Register) ? $"{container} still stands on host {_self}, the {(_self == registration.Source ? "source" : "destination")} of attempt {attempt}: it is not lost"
            : _self == registration.Destination && _journal().Open.TryGetValue(attempt, out var open) && open is { Prepared: null, Never: false } ? $"attempt {attempt} may still be about to restore {container} on host {_self}: it is not known to be lost"
            : null;
    }

    private string StillStarting => $"host {_self} is still starting: run this again in a moment";

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
        var wasUnknown = _isDiskUnknown;
        _isDiskUnknown = true;
        await _store.AppendAsync(records).ConfigureAwait(false);
        _isDiskUnknown = false;
        foreach (var record in records)
        {
            var released = _containers.GetValueOrDefault(record.Container)?.Resolving is not null;
            Apply(record);
            if (record is VoterRecord.Closed { Register.Certificate: var verdict } && (verdict.Generation > 0 || released))
            {
                Resolved?.Invoke(verdict);
            }
        }

        if (wasUnknown)
        {
            LiftUnwrittenBars();
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
        catch (Exception e) when (e is IOException or ArgumentException)
        {
            // The log is as good as it was, only longer: tried again after the next record. Nor may a record that is too large for the log's frames silence a voter whose answer is on the disk.
        }
    }

    private void Apply(VoterRecord record)
    {
        var state = _containers.GetValueOrDefault(record.Container) ?? ContainerBallots.Fresh(record.Container);
        state = state.Apply(record);
        _containers = _containers.SetItem(record.Container, state);
        FollowBar(state);
    }

    /// <summary>A promise whose write failed was taken back with it, and was never said.</summary>
    private void LiftUnwrittenBars()
    {
        lock (_seat)
        {
            _barred.Clear();
            foreach (var known in _containers.Values)
            {
                FollowBar(known);
            }
        }
    }

    /// <summary>What is promised to the operator as far as the disk says.</summary>
    private void FollowBar(ContainerBallots state)
    {
        lock (_seat)
        {
            if (state.Resolving is { } resolving)
            {
                _barred[state.Container] = (resolving.Registration.Register, resolving.Generation);
            }
            else
            {
                _barred.Remove(state.Container);
            }
        }
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
        VoterRequest.PrepareResolution r => r.Registration.Register.Container,
        VoterRequest.ConsentToResolution r => r.Resolution.Register.Container,
        VoterRequest.SpreadResolution r => r.Register.Registration.Register.Container,
        _ => throw new ArgumentException($"{request.GetType().Name} is no request to a voter", nameof(request)),
    };
}
