using ActorMigration.Contracts;
using Microsoft.AspNetCore.Http;

namespace ActorMigration.Host.Http;

/// <summary>
/// Body of every refusal, as application/problem+json (RFC 9457). Scripts match on <paramref name="Failure"/>, the name of a
/// <see cref="MigrationFailure"/> or <see cref="RequestFailure"/>; people read <paramref name="Sentence"/>.
/// </summary>
public sealed record ApiProblem(string Title, int Status, string Failure, string Sentence)
{
    public const string MediaType = "application/problem+json";

    public static ApiProblem Of(MigrationFailure failure, string sentence) => Of(failure.ToString(), sentence);

    public static ApiProblem Of(RequestFailure failure, string sentence) => Of(failure.ToString(), sentence);

    private static ApiProblem Of(string failure, string sentence) => new("Refused", StatusOf(failure), failure, sentence);

    /// <summary>HTTP status of a failure; what the CLI does depends on the failure only.</summary>
    private static int StatusOf(string failure) => failure switch
    {
        nameof(RequestFailure.InvalidRequest) => StatusCodes.Status400BadRequest,
        nameof(RequestFailure.UnknownImage) or nameof(RequestFailure.UnknownMigration) or nameof(MigrationFailure.UnknownContainer)
            or nameof(MigrationFailure.UnknownHost) => StatusCodes.Status404NotFound,
        nameof(RequestFailure.NoAnswer) => StatusCodes.Status504GatewayTimeout,
        nameof(RequestFailure.NotAvailable) or nameof(MigrationFailure.NoMajority) or nameof(MigrationFailure.NotAttestable) => StatusCodes.Status503ServiceUnavailable,
        nameof(MigrationFailure.Internal) => StatusCodes.Status500InternalServerError,
        _ => StatusCodes.Status409Conflict,
    };
}

/// <summary>Ends a request with a refusal; caught at one place in <see cref="ApiServer"/>.</summary>
public sealed class ApiException(ApiProblem problem) : Exception(problem.Sentence)
{
    public ApiException(RequestFailure failure, string sentence)
        : this(ApiProblem.Of(failure, sentence))
    {
    }

    public ApiException(MigrationFailure failure, string sentence)
        : this(ApiProblem.Of(failure, sentence))
    {
    }

    public ApiProblem Problem { get; } = problem;
}
