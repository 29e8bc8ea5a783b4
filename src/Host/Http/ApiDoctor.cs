namespace ActorMigration.Host.Http;

/// <summary>What <c>amig doctor --json</c> prints.</summary>
internal sealed record DoctorJson(DoctorFindingJson[] Findings);

/// <summary>One probe of a host.</summary>
/// <param name="Probe">Short and stable.</param>
/// <param name="Verdict">Ok, Degraded or Missing.</param>
/// <param name="Finding">What was found, and what to do where it is not ok.</param>
internal sealed record DoctorFindingJson(string Probe, string Verdict, string Finding);
