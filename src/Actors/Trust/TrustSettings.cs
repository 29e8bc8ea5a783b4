using ActorMigration.Contracts.Trust;

namespace ActorMigration.Actors.Trust;

/// <summary>How hosts watch over each other; hocon section <c>amig.trust</c>, which the host reads and checks.</summary>
/// <param name="Interval">Between two questions of a voter to one host, and between two words of a voter to all.</param>
/// <param name="Patience">A reachable host that proves nothing for so long takes no containers.</param>
/// <param name="Action">What is done with the containers of a host that is not trusted.</param>
public sealed record TrustSettings(TimeSpan Interval, TimeSpan Patience, UntrustedAction Action)
{
    /// <summary>After a first rejection the host is asked again so soon, with another nonce.</summary>
    public static readonly TimeSpan Confirm = TimeSpan.FromSeconds(3);

    /// <summary>Longest wait for one host's proof: its TPM's own deadline, and the way.</summary>
    public static readonly TimeSpan ProofPatience = TimeSpan.FromSeconds(15);

    /// <summary>
    /// Nothing is done about a rejected host's containers before all other hosts have been judged twice by the policy that rejected it: a wrong policy rejects one host after the other, and must be seen to reject them all before any of them is stopped.
    /// </summary>
    public TimeSpan Settling => Interval + Confirm + ProofPatience;

    /// <summary>Rejections in a row that a judgement takes: one may be of a moment in which a policy was being changed.</summary>
    public const int RejectionsInARow = 2;
}
