using ActorMigration.Actors;
using ActorMigration.Contracts;

namespace ActorMigration.Simulator;

/// <summary>A message of one attempt as it would pass in another one if neither ordinal nor attempt were compared or signed anywhere.</summary>
internal static class ForeignMessage
{
    public static IAttemptMessage As(IAttemptMessage message, AttemptId attempt, Fence fence) => message switch
    {
        VerdictReached m => new VerdictReached(attempt, fence, As(m.Certificate, attempt, fence)),
        AbortAttempt m => m with { Attempt = attempt, Fence = fence },
        MigrationRefused m => m with { Attempt = attempt, Fence = fence },
        StopAgreed m => m with { Attempt = attempt, Fence = fence },
        ReadyForStop m => m with { Attempt = attempt, Fence = fence },
        Running m => m with { Attempt = attempt, Fence = fence },
        AttemptUnknown m => m with { Attempt = attempt, Fence = fence },
        _ => message,
    };

    private static VerdictCertificate As(VerdictCertificate certificate, AttemptId attempt, Fence fence)
    {
        var register = certificate.Register with { Attempt = attempt, Fence = fence };
        return new VerdictCertificate(register, certificate.Value, [.. certificate.Accepts.Select(a => Signed(a with { Register = register }))]);
    }

    private static SignedAccept Signed(SignedAccept accept) => accept with { Signature = FakeKeys.Sign(accept.Voter, DecisionBytes.ToSign(accept)) };
}
