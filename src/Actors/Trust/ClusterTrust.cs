using ActorMigration.Contracts;
using ActorMigration.Contracts.Trust;

namespace ActorMigration.Actors.Trust;

/// <summary>Which hosts are trusted, as this one knows. Read from any thread at any time; written by this host's <see cref="TrustActor"/> only.</summary>
/// <param name="board">Without words.</param>
/// <param name="action">What is done with the containers of a host that is not trusted.</param>
public sealed class ClusterTrust(TrustBoard board, UntrustedAction action)
{
    private volatile TrustBoard _board = board;

    /// <summary>Nobody watches: all hosts may do everything, as far as this goes.</summary>
    public static ClusterTrust None => new(new TrustBoard([]), UntrustedAction.Leave);

    public TrustBoard Board
    {
        get => _board;
        internal set => _board = value;
    }

    public UntrustedAction Action => action;

    /// <summary>A majority of the voters rejects what it shows.</summary>
    public bool IsDistrusted(HostName host) => _board.Of(host) == HostTrust.Rejected;

    /// <summary>Its containers are frozen where they are.</summary>
    public bool IsStopped(HostName host) => IsActedOn(host) && action == UntrustedAction.Stop;

    /// <summary>Its containers are moved away, and taken in spite of what it shows.</summary>
    public bool IsEvacuated(HostName host) => IsActedOn(host) && action == UntrustedAction.Evacuate;

    /// <summary>Why a host takes no containers; null when it takes them, as far as trust goes.</summary>
    public string? WhyTakesNothing(HostName host) => _board.Of(host) switch
    {
        HostTrust.Rejected => $"host {host} is not trusted: {_board.Against(host)}",
        HostTrust.Unproved => $"host {host} cannot prove what it is: {_board.Against(host)}",
        _ => null,
    };

    private bool IsActedOn(HostName host) => _board is var now && now.Of(host) == HostTrust.Rejected && !now.IsLandslide;
}
