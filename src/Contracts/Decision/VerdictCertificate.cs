namespace ActorMigration.Contracts;

/// <summary>Names one register: one attempt of one container, with the voters fixed when it began.</summary>
/// <param name="Container">The container.</param>
/// <param name="Fence">Epoch of the owner that began the attempt, and the attempt's ordinal.</param>
/// <param name="Attempt">The attempt.</param>
public sealed record RegisterId(ContainerName Container, Fence Fence, AttemptId Attempt);

/// <summary>A voter's signed word that it accepted a value at a ballot.</summary>
/// <param name="Voter">The voter's host name.</param>
/// <param name="Incarnation">Of the voter's state directory; a new or rolled-back one is another voter.</param>
/// <param name="Register">The register.</param>
/// <param name="Ballot">The ballot.</param>
/// <param name="Value">The value accepted.</param>
/// <param name="Signature">By the voter's node key over all fields above.</param>
public sealed record SignedAccept(HostName Voter, Guid Incarnation, RegisterId Register, Ballot Ballot, Verdict Value, byte[] Signature);

/// <summary>A ballot, totally ordered; the counter is on the proposer's disk before it is used, and never used twice.</summary>
public sealed record Ballot(long Counter, HostName Proposer) : IComparable<Ballot>
{
    public int CompareTo(Ballot? other)
    {
        if (other is null)
        {
            return 1;
        }

        var byCounter = Counter.CompareTo(other.Counter);
        return byCounter != 0 ? byCounter : string.CompareOrdinal(Proposer.Value, other.Proposer.Value);
    }

    public static bool operator <(Ballot left, Ballot right) => left.CompareTo(right) < 0;

    public static bool operator >(Ballot left, Ballot right) => left.CompareTo(right) > 0;

    public static bool operator <=(Ballot left, Ballot right) => left.CompareTo(right) <= 0;

    public static bool operator >=(Ballot left, Ballot right) => left.CompareTo(right) >= 0;
}

/// <summary>
/// Proof of a verdict: accepts of a majority of the attempt's voters for one value at one ballot, or the operator's word with the consent of all who are left. Checked by
/// whoever acts on it: the one who opens the gate, the one who kills or thaws the source.
/// </summary>
/// <param name="Register">The register.</param>
/// <param name="Value">The verdict.</param>
/// <param name="Accepts">The majority's; empty when the operator decided.</param>
/// <param name="ResolvedBy">How the operator decided; null when the voters did.</param>
public sealed record VerdictCertificate(RegisterId Register, Verdict Value, SignedAccept[] Accepts, ResolvedBy? ResolvedBy = null)
{
    /// <summary>0 for a verdict of the voters.</summary>
    public int Generation => ResolvedBy?.Resolution.Generation ?? 0;
}
