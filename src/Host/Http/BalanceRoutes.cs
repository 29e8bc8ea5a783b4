using ActorMigration.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace ActorMigration.Host.Http;

/// <summary>/v1/balance: how the cluster is balanced, and /v1/hosts/HOST/drain.</summary>
internal sealed class BalanceRoutes(ConsoleClient console)
{
    internal void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/balance", http => StatusAsync(http, new AskBalance()));
        routes.MapPost("/v1/balance/mode", SetModeAsync);
        routes.MapPost("/v1/balance/look", http => SeenAsync(http, new LookNow()));
        routes.MapPost("/v1/balance/apply", async http => await SeenAsync(http, new ApplyPlan((await http.ReadAsync(ApiJson.Default.BalanceApplyRequest).ConfigureAwait(false)).Round)).ConfigureAwait(false));
        routes.MapGet("/v1/balance/moves/{move}", ExplainAsync);
        routes.MapPost("/v1/hosts/{host}/drain", http => DrainAsync(http, true));
        routes.MapPost("/v1/hosts/{host}/undrain", http => DrainAsync(http, false));
    }

    private async Task StatusAsync(HttpContext http, IWire command)
        => await http.WriteAsync(BalanceStatusJson.From(await console.AskAsync<BalanceStatus>(command, http.RequestAborted).ConfigureAwait(false)), ApiJson.Default.BalanceStatusJson).ConfigureAwait(false);

    private async Task SeenAsync(HttpContext http, IWire command)
        => await http.WriteAsync(BalanceDecisionJson.From((await console.AskAsync<BalanceSeen>(command, http.RequestAborted).ConfigureAwait(false)).Decision), ApiJson.Default.BalanceDecisionJson).ConfigureAwait(false);

    private async Task SetModeAsync(HttpContext http)
    {
        var request = await http.ReadAsync(ApiJson.Default.BalanceModeRequest).ConfigureAwait(false);
        var mode = BalanceModes.Parse(request.Mode) ?? throw new ApiException(RequestFailure.InvalidRequest, $"There is no mode '{request.Mode}': there are {string.Join(", ", BalanceModes.Names)}.");
        await StatusAsync(http, new SetBalanceMode(mode)).ConfigureAwait(false);
    }

    private async Task ExplainAsync(HttpContext http)
    {
        var explained = await console.AskAsync<MoveExplained>(new AskMove((string)http.Request.RouteValues["move"]!), http.RequestAborted).ConfigureAwait(false);
        await http.WriteAsync(BalanceMoveExplainedJson.From(explained), ApiJson.Default.BalanceMoveExplainedJson).ConfigureAwait(false);
    }

    private async Task DrainAsync(HttpContext http, bool drain)
    {
        var text = http.Request.RouteValues["host"] as string;
        var host = HostName.IsValid(text) ? new HostName(text!) : throw new ApiException(MigrationFailure.UnknownHost, $"There is no host '{text}'; 'amig hosts' lists those there are.");
        var request = await http.ReadAsync(ApiJson.Default.DrainRequest).ConfigureAwait(false);
        var done = await console.AskAsync<HostDrained>(new DrainHost(host, drain, request.ForShutdown), http.RequestAborted).ConfigureAwait(false);
        await http.WriteAsync(new HostDrainedJson(done.Host.Value, done.Drains, done.Changed), ApiJson.Default.HostDrainedJson).ConfigureAwait(false);
    }
}
