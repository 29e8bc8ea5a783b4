using ActorMigration.Actors;
using ActorMigration.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace ActorMigration.Host.Http;

/// <summary>/v1/doctor: what the members can do, or with <c>?host=NAME</c> one of them.</summary>
internal sealed class DoctorRoutes(ConsoleClient console, Func<HostJson[]> hosts, IReadOnlyList<HostName> voters)
{
    internal void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/doctor", ExamineAsync);

    private async Task ExamineAsync(HttpContext http)
    {
        var only = Only(http);
        var examined = DoctorJson.From(await console.AskAsync<HostsExamined>(new ExamineHosts(only), http.RequestAborted).ConfigureAwait(false));
        await http.WriteAsync(only is null ? WithAbsent(examined) : examined, ApiJson.Default.DoctorJson).ConfigureAwait(false);
    }

    /// <summary>
    /// The console asks reachable members only; who asks for all hosts is to hear of the others as well. A host that is down is soon no member any more: the
    /// voters are known by the configuration.
    /// </summary>
    private DoctorJson WithAbsent(DoctorJson examined)
    {
        var asked = examined.Findings.Select(one => one.Host).ToHashSet(StringComparer.Ordinal);
        var absent = hosts().Where(one => one.Host.Length > 0).Select(one => one.Host).Concat(voters.Select(one => one.Value)).Distinct().Except(asked).Order(StringComparer.Ordinal);
        return new DoctorJson([.. examined.Findings, .. absent.Select(host => DoctorFindingJson.From(
            host, new DoctorFinding(DoctorActor.NoAnswer, DoctorVerdict.Missing, "is not a reachable member of the cluster: start its daemon, or look at its network")))]);
    }

    private static HostName? Only(HttpContext http)
    {
        if (http.Request.Query["host"].ToString() is not { Length: > 0 } text)
        {
            return null;
        }

        return HostName.IsValid(text)
            ? new HostName(text)
            : throw new ApiException(MigrationFailure.UnknownHost, $"There is no host '{text}'; 'amig hosts' lists those there are.");
    }
}
