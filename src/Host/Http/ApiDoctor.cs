using ActorMigration.Contracts;

namespace ActorMigration.Host.Http;

/// <summary>Answer of GET /v1/doctor, and what <c>amig doctor --json</c> prints.</summary>
internal sealed record DoctorJson(DoctorFindingJson[] Findings)
{
    internal static DoctorJson From(HostsExamined examined)
        => new([.. examined.Hosts.SelectMany(one => one.Findings.Select(finding => DoctorFindingJson.From(one.Host.Value, finding)))]);
}

/// <summary>One probe of a host.</summary>
/// <param name="Host">The host's name.</param>
/// <param name="Probe">Short and stable.</param>
/// <param name="Verdict">Ok, Degraded or Missing.</param>
/// <param name="Finding">What was found, and what to do where it is not ok.</param>
internal sealed record DoctorFindingJson(string Host, string Probe, string Verdict, string Finding)
{
    internal static DoctorFindingJson From(string host, DoctorFinding finding) => new(host, finding.Name, finding.Verdict.ToString(), finding.Sentence);
}
