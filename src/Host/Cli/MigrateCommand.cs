using System.CommandLine;
using ActorMigration.Contracts;
using ActorMigration.Host.Http;

namespace ActorMigration.Host.Cli;

/// <summary><c>amig migrate</c>: begins an attempt and follows it to its end.</summary>
internal static class MigrateCommand
{
    internal static Command Create(CliContext context)
    {
        var name = new Argument<string>("CONTAINER") { Description = "Name of the container." }.OfName();
        var to = new Option<string>("--to") { Description = "Destination.", HelpName = "HOST", Required = true };
        var force = new Option<bool>("--force") { Description = "Freeze even if the predicted stop stays above its target." };
        var orAbort = new Option<bool>("--or-abort") { Description = "Give up if the predicted stop stays above its target (the default)." };
        var downtime = new Option<int>("--target-downtime") { Description = "Predicted stop at which the container is frozen.", HelpName = "MS", DefaultValueFactory = _ => 0 };
        var verify = new Option<bool>("--verify") { Description = "Compare a digest of all memory at the gate with that under the freeze before the container may run; a longer stop." };
        var wait = new Option<bool>("--wait") { Description = "Follow the attempt to its end (the default)." };
        var noWait = new Option<bool>("--no-wait") { Description = "Return as soon as the attempt has begun." };
        downtime.RefuseIf(ms => ms < 0 ? "--target-downtime cannot be negative." : null);

        var command = context.Ask("migrate", "Move a running container to another host.", async (parsed, client, cancel) =>
        {
            var request = new MigrateRequest(parsed.GetValue(name)!, parsed.GetValue(to)!, parsed.GetValue(downtime), parsed.GetValue(force), parsed.GetValue(verify));
            var begun = await client.PostAsync("/v1/migrations", request, ApiJson.Default.MigrateRequest, ApiJson.Default.MigrationIdJson, cancel).ConfigureAwait(false);
            if (parsed.GetValue(noWait))
            {
                context.Print(parsed, begun, ApiJson.Default.MigrationIdJson, it => context.Terminal.Out.WriteLine(it.Id));
                return ExitCode.Ok;
            }

            var last = await FollowAsync(context, client, begun.Id, cancel).ConfigureAwait(false);
            context.Print(parsed, last, ApiJson.Default.MigrationJson, it => MigrationReport.Write(context.Terminal, it));
            if (last.Outcome == nameof(AttemptOutcome.Committed))
            {
                return ExitCode.Ok;
            }

            context.Terminal.Error.WriteLine($"amig: {last.Sentence}");
            return ExitCodes.Of(last.Failure);
        }, name, to, force, orAbort, downtime, verify, wait, noWait);
        command.Validators.Add(result =>
        {
            if (result.GetValue(force) && result.GetValue(orAbort))
            {
                result.AddError("--force and --or-abort exclude each other.");
            }
            else if (result.GetValue(wait) && result.GetValue(noWait))
            {
                result.AddError("--wait and --no-wait exclude each other.");
            }
        });
        return command;
    }

    private static async Task<MigrationJson> FollowAsync(CliContext context, ApiClient client, string id, CancellationToken cancel)
    {
        MigrationJson? last = null;
        var progress = new ProgressLine(context.Terminal);
        await foreach (var now in client.StreamAsync($"/v1/migrations/{id}/events", ApiJson.Default.MigrationJson, cancel).ConfigureAwait(false))
        {
            last = now;
            progress.Show(now);
        }

        progress.End();
        return last is { HasEnded: true }
            ? last
            : throw new CliException(ExitCode.NoDaemon, $"The daemon went away while migration {id} was under way; it goes on by itself: see 'amig migration show {id}'.");
    }
}
