namespace ActorMigration.Contracts;

/// <summary>
/// The operator's word about a register that can get no majority any more (`amig migration resolve`, docs/protocol.md "When no majority is left"). It stands in the place of
/// a majority of accepts when every host that has a part in the register has either consented to it or is in <paramref name="Fenced"/>.
/// </summary>
/// <param name="Register">The register.</param>
/// <param name="Generation">From 1 on; ordinary verdicts are of generation 0. A verdict of a higher generation replaces one of a lower.</param>
/// <param name="Value">What is decided.</param>
/// <param name="Fenced">Hosts that the operator says are off, so that nothing of theirs can run or answer.</param>
/// <param name="Operator">Who said so.</param>
/// <param name="Reason">And why.</param>
/// <param name="AtUnixMs">And when.</param>
/// <param name="IsLost">Nothing of the container is left on either side, and <paramref name="Value"/> says only whose its name is; that host may be off.</param>
public sealed record Resolution(RegisterId Register, int Generation, Verdict Value, HostName[] Fenced, string Operator, string Reason, long AtUnixMs, bool IsLost = false);

/// <summary>A host's signed word that it takes a resolution for the verdict, and will act on nothing of a lower generation.</summary>
/// <param name="Host">The host.</param>
/// <param name="Signature">By its node key over its name and all of the resolution.</param>
public sealed record SignedConsent(HostName Host, byte[] Signature);

/// <summary>A resolution with the consents that make it a verdict.</summary>
public sealed record ResolvedBy(Resolution Resolution, SignedConsent[] Consents);
