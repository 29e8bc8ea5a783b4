using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>
/// What stands between the two ways to a verdict on this host: either its attempt acts on one of the voters, or this host promises the operator that it will not.
/// Asked by the attempts before they act; thread-safe.
/// </summary>
public interface IResolutionSeat
{
    /// <summary>
    /// True when this host's attempt may act on the verdict; from then on the operator is told this verdict instead of a promise. False when a higher generation was
    /// promised, or is the verdict: nothing may be done before the operator's verdict is here.
    /// </summary>
    bool Admit(VerdictCertificate certificate);

    /// <summary>The verdict of a register, when this host's voter keeps it: the operator's, or one of the voters that it heard while no attempt was here to be told.</summary>
    VerdictCertificate? VerdictOf(RegisterId register);
}
