using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>The one question that an attempt asks before it hears a verdict.</summary>
public static class ResolutionSeat
{
    /// <summary>False when this host has promised the operator to wait. What proves nothing is left to the state machine, which says so.</summary>
    public static bool MayActOn(this IResolutionSeat seat, Registration? registration, VerdictCertificate certificate, INodeKeys keys)
        => registration is null || !VerdictCheck.Verify(certificate, registration, keys) || seat.Admit(certificate);
}
