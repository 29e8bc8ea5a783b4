using System.Collections.Immutable;
using ActorMigration.Actors;
using ActorMigration.Contracts;

namespace ActorMigration.Ports.Contract;

/// <summary>The membership of a voter in memory, admitted from the beginning unless said otherwise.</summary>
public sealed class AdmittedVoter(Guid incarnation, bool isAdmitted = true) : IVoterMembership
{
    public Guid Incarnation => incarnation;

    public bool IsAdmitted { get; private set; } = isAdmitted;

    public ImmutableArray<RegisteredVoter> Founders { get; private set; } = [];

    public Task AdmitAsync(ImmutableArray<RegisteredVoter> founders)
    {
        (IsAdmitted, Founders) = (true, founders);
        return Task.CompletedTask;
    }
}
