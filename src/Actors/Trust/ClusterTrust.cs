using System.Collections.Immutable;
using ActorMigration.Contracts;
using ActorMigration.Contracts.Trust;

namespace ActorMigration.Actors.Trust;

/// <summary>Which hosts are trusted, as this one knows. Read from any thread at any time; written by this host's <see cref="TrustActor"/> only.</summary>
/// <param name="board">Without words.</param>
/// <param name="action">What is done with the containers of a host that is not trusted.</param>
public sealed class ClusterTrust(TrustBoard board, UntrustedAction action)
{
    private volatile Now _now = new(board, [], false);

    /// <summary>Nobody watches: all hosts may do everything, as far as this goes.</summary>
    public static ClusterTrust None => new(new TrustBoard([]), UntrustedAction.Leave);

    public TrustBoard Board => _now.Board;

    public UntrustedAction Action => action;

    /// <summary>More than half of the judged members are rejected.</summary>
    public bool IsLandslide => Board.IsLandslide;

    /// <summary>A majority of the voters rejects what it shows.</summary>
    public bool IsDistrusted(HostName host) => Board.Of(host) == HostTrust.Rejected;

    /// <summary>It may balance the cluster. In a landslide nobody would be left.</summary>
    public bool MayLead(HostName host) => IsLandslide || !IsDistrusted(host);

    /// <summary>Its containers are frozen where they are.</summary>
    public bool IsStopped(HostName host) => _now.Settled.Contains(host) && action == UntrustedAction.Stop;

    /// <summary>Its containers are moved away, and taken in spite of what it shows.</summary>
    public bool IsEvacuated(HostName host) => _now.Settled.Contains(host) && action == UntrustedAction.Evacuate;

    /// <summary>Containers that stand for that alone may go on: the host has proved itself again, or nothing is to be stopped, by the operator's word or as too many are rejected.</summary>
    public bool MayGoOn(HostName host) => Board.Of(host) == HostTrust.Proved || _now.IsLasting || action != UntrustedAction.Stop;

    /// <summary>Why a host takes no containers; null when it takes them, as far as trust goes.</summary>
    public string? WhyTakesNothing(HostName host) => Board is var now && now.Of(host) is var trust && trust == HostTrust.Rejected ? $"host {host} is not trusted: {now.Against(host)}"
        : trust == HostTrust.Unproved ? $"host {host} cannot prove what it is: {now.Against(host)}"
        : null;

    /// <summary>Why nobody takes a container of a host; null when they do, as far as trust goes.</summary>
    public string? WhyGivesNothing(HostName host) => IsDistrusted(host) && !IsEvacuated(host) ? WhyTakesNothing(host) : null;

    /// <param name="now">What the words come to.</param>
    /// <param name="settled">Hosts that have been rejected for long enough that everybody else has been judged by the same policy.</param>
    /// <param name="isLasting">There has been a landslide for as long: a daemon that has just started has heard of hardly any host, and what it knows may look like one.</param>
    internal void Put(TrustBoard now, ImmutableHashSet<HostName> settled, bool isLasting) => _now = new Now(now, now.IsLandslide ? [] : settled, now.IsLandslide && isLasting);

    private sealed record Now(TrustBoard Board, ImmutableHashSet<HostName> Settled, bool IsLasting);
}
