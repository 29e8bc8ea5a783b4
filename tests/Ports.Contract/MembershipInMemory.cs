using ActorMigration.Actors;
using ActorMigration.Contracts;

namespace ActorMigration.Ports.Contract;

/// <summary>The membership of a voter in memory.</summary>
public sealed class MembershipInMemory(Guid incarnation) : IVoterMembership
{
    public VoterMembership Current { get; private set; } = VoterMembership.Fresh(incarnation);

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
    public MembershipInMemory Copy() => new(Current.Incarnation) { Current = Current };

    public Task WriteAsync(VoterMembership membership)
    {
        if (IsFull)
        {
            throw new IOException("no space left on device");
        }

        Current = membership;
        return Task.CompletedTask;
    }
}
