using ActorMigration.Contracts;
using Akka.Actor;

namespace ActorMigration.Host.Http;

/// <summary>Asks the daemon's console actor with a deadline; a refusal or silence becomes an <see cref="ApiException"/>.</summary>
internal sealed class ConsoleClient(ICanTell console, TimeSpan deadline)
{
    internal async Task<T> AskAsync<T>(object command, CancellationToken cancel)
    {
        object answer;
        try
        {
            answer = await console.Ask<object>(command, deadline, cancel).ConfigureAwait(false);
        }
        catch (AskTimeoutException)
        {
            throw new ApiException(
                RequestFailure.NoAnswer,
                $"{command.GetType().Name} was not answered within {deadline.TotalSeconds:0.#} s (amig.api.deadline); it may still happen.");
        }

        return answer switch
        {
            T expected => expected,
            CommandRefused refused => throw new ApiException(refused.Failure, refused.Sentence),
            Status.Failure failure => throw new ApiException(MigrationFailure.Internal, failure.Cause.Message),
            _ => throw new ApiException(MigrationFailure.Internal, $"{command.GetType().Name} was answered with a {answer.GetType().Name}."),
        };
    }

    /// <summary>The attempt that an operator means: a container's newest, or the one whose id begins like this.</summary>
    internal async Task<AttemptId> ResolveAsync(string reference, CancellationToken cancel)
    {
        if (AttemptId.TryParse(reference, out var whole))
        {
            // Nothing to look up, so no host that hangs is waited for.
            return whole;
        }

        var listed = await AskAsync<MigrationsListed>(new ListMigrations(), cancel).ConfigureAwait(false);
        var ofContainer = listed.Attempts.Where(one => one.Container.Value == reference).MaxBy(one => (one.Outcome == AttemptOutcome.Open, one.StartedUnixMs));
        if (ofContainer is not null)
        {
            return ofContainer.Attempt;
        }

        var matching = listed.Attempts.Select(one => one.Attempt).Where(id => id.ToString().StartsWith(reference, StringComparison.Ordinal)).Distinct().ToArray();
        return matching switch
        {
            [var only] => only,
            [] => throw new ApiException(RequestFailure.UnknownMigration, $"No migration has an id that begins with '{reference}', and no container of that name was ever migrated."),
            _ => throw new ApiException(RequestFailure.AmbiguousReference, $"{matching.Length} migrations have an id that begins with '{reference}'; give more of it."),
        };
    }
}
