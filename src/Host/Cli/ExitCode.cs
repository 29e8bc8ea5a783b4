using ActorMigration.Contracts;
using ActorMigration.Host.Http;

namespace ActorMigration.Host.Cli;

/// <summary>How <c>amig</c> ends. Part of the interface: docs/operating.md lists each, scripts rely on them.</summary>
public enum ExitCode
{
    /// <summary>Done.</summary>
    Ok = 0,

    /// <summary>Something failed that none of the codes below names; the sentence on stderr does.</summary>
    Failed = 1,

    /// <summary>The command line is wrong; nothing was asked of any daemon.</summary>
    Usage = 2,

    /// <summary>No daemon answers on the API socket.</summary>
    NoDaemon = 3,

    /// <summary>The container, host, image or migration is not known.</summary>
    NotFound = 4,

    /// <summary>It contradicts what is: name or address taken, already there, another attempt under way, too late, a resolution that is refused.</summary>
    Conflict = 5,

    /// <summary>A host did not prove what it is, or could not.</summary>
    AttestationRefused = 6,

    /// <summary>No majority of voters, so nothing was begun.</summary>
    NoMajority = 7,

    /// <summary>The destination cannot take the container, or the container cannot be carried.</summary>
    NotPossible = 8,

    /// <summary>The attempt was begun and given up; the container runs on where it was.</summary>
    Aborted = 9,

    /// <summary>The restored container died before it ran: it runs nowhere, its files are at the destination.</summary>
    Lost = 10,
}

/// <summary>Which failure ends the CLI with which code. Every name of both failure enums stands here; a test checks it.</summary>
public static class ExitCodes
{
    public static ExitCode Of(string failure) => failure switch
    {
        nameof(MigrationFailure.None) => ExitCode.Ok,
        nameof(RequestFailure.InvalidRequest) => ExitCode.Usage,
        nameof(MigrationFailure.UnknownContainer) or nameof(MigrationFailure.UnknownHost) or nameof(RequestFailure.UnknownImage)
            or nameof(RequestFailure.UnknownMigration) => ExitCode.NotFound,
        nameof(MigrationFailure.AlreadyThere) or nameof(MigrationFailure.AttemptInProgress) or nameof(MigrationFailure.TooLate) or nameof(RequestFailure.NameInUse)
            or nameof(RequestFailure.AddressInUse) or nameof(RequestFailure.AmbiguousReference) or nameof(RequestFailure.HasEnded)
            or nameof(RequestFailure.NotResolved) => ExitCode.Conflict,
        nameof(MigrationFailure.AttestationFailed) or nameof(MigrationFailure.NotTrusted) or nameof(MigrationFailure.NotAttestable) or nameof(MigrationFailure.WrongPeer) => ExitCode.AttestationRefused,
        nameof(MigrationFailure.NoMajority) => ExitCode.NoMajority,
        nameof(MigrationFailure.NoRoom) or nameof(MigrationFailure.Draining) or nameof(MigrationFailure.LeftoversFound) or nameof(MigrationFailure.Incompatible)
            or nameof(MigrationFailure.NotDumpable) => ExitCode.NotPossible,
        nameof(MigrationFailure.DoesNotConverge) or nameof(MigrationFailure.StreamBroken) or nameof(MigrationFailure.ContentMismatch)
            or nameof(MigrationFailure.RestoreFailed) or nameof(MigrationFailure.PeerLost) or nameof(MigrationFailure.Cancelled) => ExitCode.Aborted,
        nameof(MigrationFailure.ContainerLost) => ExitCode.Lost,
        nameof(MigrationFailure.Internal) or nameof(RequestFailure.NoAnswer) or nameof(RequestFailure.NotAvailable) => ExitCode.Failed,
        _ => ExitCode.Failed,
    };
}
