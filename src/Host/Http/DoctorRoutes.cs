using ActorMigration.Actors;
using ActorMigration.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace ActorMigration.Host.Http;

/// <summary>/v1/doctor: what the members can do, or with <c>?host=NAME</c> one of them.</summary>
internal sealed class DoctorRoutes(ConsoleClient console, Func<HostJson[]> hosts)
{
    internal void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/doctor", ExamineAsync);

    private async Task ExamineAsync(HttpContext http)
    {
        var only = Only(http);
        var examined = DoctorJson.From(await console.AskAsync<HostsExamined>(new ExamineHosts(only), http.RequestAborted).ConfigureAwait(false));
        await http.WriteAsync(only is null ? WithUnreachable(examined) : examined, ApiJson.Default.DoctorJson).ConfigureAwait(false);
    }

    /// <summary>The console asks reachable members only; who asks for all of them is to hear of the others as well.</summary>
    private DoctorJson WithUnreachable(DoctorJson examined)
    {
        var asked = examined.Findings.Select(one => one.Host).ToHashSet(StringComparer.Ordinal);
        var others = hosts().Where(one => !one.Reachable && one.Host.Length > 0 && !asked.Contains(one.Host)).Select(one => DoctorFindingJson.From(
            one.Host, new DoctorFinding(DoctorActor.NoAnswer, DoctorVerdict.Missing, "is a member of the cluster, but not reachable: start its daemon, or look at its network")));
        return new DoctorJson([.. examined.Findings, .. others]);
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
