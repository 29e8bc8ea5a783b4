using System.Collections.Immutable;
using ActorMigration.Actors;
using ActorMigration.Contracts;

namespace ActorMigration.Ports.Contract;

/// <summary>The membership of a voter in memory.</summary>
public sealed class MembershipInMemory(Guid incarnation) : IVoterMembership
{
    public Guid Incarnation { get; private set; } = incarnation;

    public bool HasVoted { get; private set; }

    public bool IsAdmitted { get; private set; }

    public ulong? Counter { get; private set; }

    public ImmutableArray<RegisteredVoter> Founders { get; private set; } = [];

    /// <summary>The disk takes nothing.</summary>
    public bool IsFull { get; set; }

    /// <summary>A voter that votes; without a <paramref name="journal"/> its host has no attempts.</summary>
    public static async Task<Voter> VotingAsync(HostName self, Func<Guid, VoterCore> coreOf, IRecordLog<VoterRecord> log, Func<JournalState>? journal = null)
    {
        var voter = new Voter(self, coreOf, new MembershipInMemory(Guid.NewGuid()), log, journal ?? (() => JournalState.Empty));
        await voter.ConfirmAsync();
        return voter;
    }

    /// <summary>As a copy of the disk would have it.</summary>
    public MembershipInMemory Copy() => new(Incarnation) { HasVoted = HasVoted, IsAdmitted = IsAdmitted, Counter = Counter, Founders = Founders };

    public Task AdmitAsync(ImmutableArray<RegisteredVoter> founders, ulong counter)
    {
        (HasVoted, IsAdmitted, Founders, Counter) = (true, true, founders, counter);
        return Task.CompletedTask;
    }

    public Task CountAsync(ulong counter)
    {
        if (IsFull)
        {
            throw new IOException("no space left on device");
        }

        Counter = counter;
        return Task.CompletedTask;
    }

    public Task RenewAsync(ulong counter)
    {
        (Incarnation, IsAdmitted, Counter, Founders) = (Guid.NewGuid(), false, counter, []);
        return Task.CompletedTask;
    }
}
