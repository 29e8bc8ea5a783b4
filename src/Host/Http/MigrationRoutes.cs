using System.Text;
using System.Text.Json;
using ActorMigration.Actors;
using ActorMigration.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace ActorMigration.Host.Http;

/// <summary>/v1/migrations: list, begin, show, follow, cancel, resolve.</summary>
internal sealed class MigrationRoutes(
    ConsoleClient console, Func<int, bool, bool, MigrationPolicy> policy, Func<ResolveOrder, Task<ResolveOutcome>> resolve, TimeProvider time)
{
    /// <summary>Between two looks at an attempt that is followed: as often as a person can read a line.</summary>
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(200);

    internal void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/migrations", ListAsync);
        routes.MapPost("/v1/migrations", BeginAsync);
        routes.MapGet("/v1/migrations/{reference}", ShowAsync);
        routes.MapGet("/v1/migrations/{reference}/events", FollowAsync);
        routes.MapPost("/v1/migrations/{reference}/cancel", CancelAsync);
        routes.MapPost("/v1/migrations/{reference}/resolve", ResolveAsync);
    }

    private async Task ListAsync(HttpContext http)
    {
        var listed = await console.AskAsync<MigrationsListed>(new ListMigrations(), http.RequestAborted).ConfigureAwait(false);
        // The first start of a container is an attempt of the register too, from a host to itself, but nobody calls it a migration.
        var once = listed.Attempts.Where(one => one.Source != one.Destination).GroupBy(one => one.Attempt).Select(group => group.FirstOrDefault(one => one.ReportedBy == one.Source) ?? group.First());
        await http.WriteAsync(new MigrationsJson([.. once.Select(MigrationJson.From)]), ApiJson.Default.MigrationsJson).ConfigureAwait(false);
    }

    private async Task BeginAsync(HttpContext http)
    {
        var request = await http.ReadAsync(ApiJson.Default.MigrateRequest).ConfigureAwait(false);
        if (!ContainerName.IsValid(request.Container))
        {
            throw new ApiException(MigrationFailure.UnknownContainer, $"There is no container '{request.Container}': {ContainerName.Rule}.");
        }

        if (!HostName.IsValid(request.To))
        {
            throw new ApiException(MigrationFailure.UnknownHost, $"There is no host '{request.To}'; 'amig hosts' lists those there are.");
        }

        if (request.TargetDowntimeMs < 0)
        {
            throw new ApiException(RequestFailure.InvalidRequest, "The target downtime cannot be negative.");
        }

        var command = new MigrateContainer(new ContainerName(request.Container), new HostName(request.To), policy(request.TargetDowntimeMs, request.Force, request.Verify));
        var begun = await console.AskAsync<MigrationAccepted>(command, http.RequestAborted).ConfigureAwait(false);
        await http.WriteAsync(new MigrationIdJson(begun.Attempt.ToString()), ApiJson.Default.MigrationIdJson).ConfigureAwait(false);
    }

    private async Task ShowAsync(HttpContext http)
        => await http.WriteAsync(MigrationJson.From(await LookAsync(http).ConfigureAwait(false)), ApiJson.Default.MigrationJson).ConfigureAwait(false);

    private async Task CancelAsync(HttpContext http)
    {
        var attempt = await LookAsync(http).ConfigureAwait(false);
        if (attempt.HasEnded)
        {
            throw new ApiException(RequestFailure.HasEnded, $"Migration {attempt.Attempt} of {attempt.Container} has ended ({attempt.Outcome}).");
        }

        var accepted = await console.AskAsync<CancelAccepted>(new CancelMigration(attempt.Attempt), http.RequestAborted).ConfigureAwait(false);
        await http.WriteAsync(new MigrationIdJson(accepted.Attempt.ToString()), ApiJson.Default.MigrationIdJson).ConfigureAwait(false);
    }

    private async Task ResolveAsync(HttpContext http)
    {
        var request = await http.ReadAsync(ApiJson.Default.ResolveRequest).ConfigureAwait(false);
        Verdict? value = request.To switch
        {
            "source" => Verdict.Source,
            "destination" => Verdict.Dest,
            "nobody" => null,
            _ => throw new ApiException(RequestFailure.InvalidRequest, $"A container is given to its 'source' or its 'destination', or to 'nobody' when nothing of it is left; not to '{request.To}'."),
        };

        if (Array.Find(request.Fenced, name => !HostName.IsValid(name)) is { } wrong)
        {
            throw new ApiException(MigrationFailure.UnknownHost, $"There is no host '{wrong}'; 'amig hosts' lists those there are.");
        }

        if (request.Operator.Length == 0 || Encoding.UTF8.GetByteCount(request.Operator) > VoterFrames.MaxOperator || Encoding.UTF8.GetByteCount(request.Reason) > VoterFrames.MaxReason)
        {
            throw new ApiException(RequestFailure.InvalidRequest, $"A resolution needs an operator's name of at most {VoterFrames.MaxOperator} bytes and a reason of at most {VoterFrames.MaxReason}.");
        }

        var reference = (string)http.Request.RouteValues["reference"]!;
        var outcome = await resolve(new ResolveOrder(reference, value, [.. request.Fenced.Select(name => new HostName(name))], request.Operator, request.Reason)).ConfigureAwait(false);
        if (outcome is not ResolveOutcome.Verdict { Registration: var registration, Certificate: var certificate })
        {
            throw new ApiException(RequestFailure.NotResolved, ((ResolveOutcome.Refused)outcome).Sentence);
        }

        var host = registration.SideOf(certificate.Value);
        await http.WriteAsync(new ResolvedJson(registration.Register.Attempt.ToString(), registration.Register.Container.Value, host.Value, certificate.Generation, certificate.ResolvedBy is { Resolution.IsLost: true }), ApiJson.Default.ResolvedJson).ConfigureAwait(false);
    }

    /// <summary>One JSON object per line (application/x-ndjson) at each change, until the attempt has ended.</summary>
    private async Task FollowAsync(HttpContext http)
    {
        var cancel = http.RequestAborted;
        var now = await LookAsync(http).ConfigureAwait(false);
        http.Response.ContentType = "application/x-ndjson";
        byte[] sent = [];
        while (true)
        {
            var line = JsonSerializer.SerializeToUtf8Bytes(MigrationJson.From(now), ApiJson.Default.MigrationJson);
            if (!line.AsSpan().SequenceEqual(sent))
            {
                await http.Response.Body.WriteAsync(line, cancel).ConfigureAwait(false);
                await http.Response.Body.WriteAsync("\n"u8.ToArray(), cancel).ConfigureAwait(false);
                await http.Response.Body.FlushAsync(cancel).ConfigureAwait(false);
                sent = line;
            }

            if (now.HasEnded)
            {
                return;
            }

            await Task.Delay(LookInterval, time, cancel).ConfigureAwait(false);
            now = await console.AskAsync<AttemptDetails>(new ShowMigration(now.Attempt), cancel).ConfigureAwait(false);
        }
    }

    private async Task<AttemptDetails> LookAsync(HttpContext http)
    {
        var id = await console.ResolveAsync((string)http.Request.RouteValues["reference"]!, http.RequestAborted).ConfigureAwait(false);
        return await console.AskAsync<AttemptDetails>(new ShowMigration(id), http.RequestAborted).ConfigureAwait(false);
    }
}
