using ActorMigration.Contracts;

namespace ActorMigration.Host.Http;

/// <summary>
/// Body of every refusal, as application/problem+json (RFC 9457). Scripts match on <paramref name="Failure"/>, the name of a
/// <see cref="MigrationFailure"/> or <see cref="RequestFailure"/>; people read <paramref name="Sentence"/>.
/// </summary>
public sealed record ApiProblem(string Title, int Status, string Failure, string Sentence)
{
    public const string MediaType = "application/problem+json";

    public static ApiProblem From(OperatorRefusal refusal) => new("Refused", StatusOf(refusal.Failure), refusal.Failure, refusal.Sentence);

    /// <summary>HTTP status of a failure; what the CLI does depends on the failure only.</summary>
    private static int StatusOf(string failure) => failure switch
    {
        nameof(RequestFailure.InvalidRequest) => StatusCodes.Status400BadRequest,
        nameof(RequestFailure.UnknownImage) or nameof(RequestFailure.UnknownMigration) or nameof(MigrationFailure.UnknownContainer)
            or nameof(MigrationFailure.UnknownHost) => StatusCodes.Status404NotFound,
        nameof(RequestFailure.NoAnswer) => StatusCodes.Status504GatewayTimeout,
        nameof(RequestFailure.NotAvailable) or nameof(MigrationFailure.NoMajority) or nameof(MigrationFailure.NotAttestable) => StatusCodes.Status503ServiceUnavailable,
        nameof(RequestFailure.HostFailed) or nameof(MigrationFailure.Internal) => StatusCodes.Status500InternalServerError,
        _ => StatusCodes.Status409Conflict,
    };
}
