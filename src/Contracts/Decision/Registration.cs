namespace ActorMigration.Contracts;

/// <summary>What a register decides.</summary>
public enum RegisterKind
{
    /// <summary>Whether the next epoch goes to the destination. DEST needs the source's hand-over token.</summary>
    Migration = 1,

    /// <summary>First start of a name: DEST gives it to the host that begins; nobody else may propose.</summary>
    Creation = 2,
}

/// <summary>One voter of a register.</summary>
/// <param name="Host">Its host name.</param>
/// <param name="Incarnation">Its state directory as it answered before BEGIN; <see cref="Guid.Empty"/> when it did not answer then, and in this register it has no vote.</param>
public sealed record RegisteredVoter(HostName Host, Guid Incarnation);

/// <summary>
/// BEGIN of one register, signed by the node key of the source (of the creator for a creation), so that the destination may deliver it to voters that missed it.
/// A voter without it answers "unknown" and promises nothing.
/// </summary>
/// <param name="Register">Container, fence and attempt.</param>
/// <param name="Kind">Migration or creation.</param>
/// <param name="Source">Owner of the fence's epoch; for a creation the creator.</param>
/// <param name="Destination">Who owns the next epoch after DEST.</param>
/// <param name="Voters">Fixed for this register; an odd number, at least 3.</param>
/// <param name="SourceKeyDigest">SHA-256 of the key that will sign the hand-over token; empty for a creation.</param>
/// <param name="Previous">The register before this one with its verdict; empty or one. Tells a voter what it missed, and proves who owns the epoch.</param>
/// <param name="Signature">By the source's node key over all fields above.</param>
public sealed record Registration(
    RegisterId Register,
    RegisterKind Kind,
    HostName Source,
    HostName Destination,
    RegisteredVoter[] Voters,
    byte[] SourceKeyDigest,
    ClosedRegister[] Previous,
    byte[] Signature)
{
    /// <summary>Every host that has a part in it, both sides and the voters, in the order of their names.</summary>
    public HostName[] Hosts() => [.. Voters.Select(v => v.Host).Append(Source).Append(Destination).Distinct().OrderBy(h => h.Value, StringComparer.Ordinal)];

    /// <summary>The side that has the container by a verdict.</summary>
    public HostName SideOf(Verdict value) => value == Verdict.Dest ? Destination : Source;
}

/// <summary>A register and its verdict.</summary>
/// <param name="Registration">As it was begun, without what came before it.</param>
/// <param name="Certificate">Its verdict.</param>
public sealed record ClosedRegister(Registration Registration, VerdictCertificate Certificate)
{
    /// <summary>
    /// Lowest fence that may be begun after this verdict. After the operator's it is above all that a verdict of a lower generation would have given, so that voters who hear
    /// of it only later never have to go back.
    /// </summary>
    public Fence Next => Certificate.Generation > 0 ? new Fence(Registration.Register.Fence.Epoch + 1 + Certificate.Generation, 1)
        : Certificate.Value == Verdict.Dest
        ? new Fence(Registration.Register.Fence.Epoch + 1, 1)
        : Registration.Register.Fence with { Ordinal = Registration.Register.Fence.Ordinal + 1 };

    /// <summary>Who owns the epoch of <see cref="Next"/>; null when a creation was not completed.</summary>
    public HostName? NextOwner => (Certificate.Value, Registration.Kind) switch
    {
        (Verdict.Dest, _) => Registration.Destination,
        (_, RegisterKind.Migration) => Registration.Source,
        _ => null,
    };
}
