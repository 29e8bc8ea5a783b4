namespace ActorMigration.Contracts;

/// <summary>Where a container may be, said when it is run; it moves with the container.</summary>
/// <param name="Pinned">It is moved by nobody but the operator, and not when its host is drained.</param>
/// <param name="Labels">A host must have all of them.</param>
/// <param name="ApartFrom">No two containers with the same value are on one host; empty for none.</param>
/// <param name="TogetherWith">Containers with the same value are on one host; empty for none.</param>
public sealed record ContainerPlacement(bool Pinned, string[] Labels, string ApartFrom, string TogetherWith)
{
    /// <summary>Labels that one container may ask for: far more than a host has.</summary>
    public const int MostLabels = 16;

    public static ContainerPlacement Anywhere { get; } = new(false, [], "", "");

    /// <summary>What is wrong with it, in one sentence without a full stop; null when nothing is. Asked wherever one comes from outside.</summary>
    public string? WhyNot()
    {
        const string Alphabet = "has 1 to 32 characters, lower-case letters, digits and '-', and starts with a letter or digit";
        return Labels is null || ApartFrom is null || TogetherWith is null ? "a placement has labels and groups, and null is none"
            : Labels.Length > MostLabels ? $"a container asks for {MostLabels} labels at most"
            : Array.Find(Labels, label => !ContainerName.IsValid(label)) is { } label ? $"'{label}' is no label: one {Alphabet}"
            : Array.Exists(Labels, static label => label is null) ? "a label is null"
            : ApartFrom.Length > 0 && !ContainerName.IsValid(ApartFrom) ? $"'{ApartFrom}' is no group to be apart from: one {Alphabet}"
            : TogetherWith.Length > 0 && !ContainerName.IsValid(TogetherWith) ? $"'{TogetherWith}' is no group to be together with: one {Alphabet}"
            : ApartFrom.Length > 0 && ApartFrom == TogetherWith ? $"a container cannot be apart from and together with the group {ApartFrom}"
            : null;
    }
}

/// <summary>What one container uses, over the planner's window, and where it may be.</summary>
/// <param name="Name">The container.</param>
/// <param name="Fence">At which it was started here or came here: an order to move it names this one, and is refused when it has come anew by then.</param>
/// <param name="Used">What it uses.</param>
/// <param name="ResidentBytes">Memory that a move would carry.</param>
/// <param name="DirtyBytesPerSecond">Memory that it writes: what a round of pre-copy leaves to the next one.</param>
/// <param name="Placement">Where it may be.</param>
/// <param name="Obstacle">What keeps it from being moved as it is now, as a host sees that is being drained; empty when nothing is seen, or nobody has looked.</param>
public sealed record ContainerLoad(ContainerName Name, Fence Fence, Resources Used, double ResidentBytes, double DirtyBytesPerSecond, ContainerPlacement Placement, string Obstacle = "")
{
    /// <summary>Characters of an obstacle's sentence; a longer one is cut.</summary>
    public const int MostObstacle = 300;
}

/// <summary>Whether a host may have more containers.</summary>
public enum HostStanding
{
    /// <summary>It takes containers.</summary>
    Accepts,

    /// <summary>The operator drains it: it takes none, and those that it has are moved away.</summary>
    Draining,

    /// <summary>It has proved nothing for long: it takes none, and those that it has stay. Never told by a host of itself: the balancer puts it there by the voters' words, as it does the two that follow.</summary>
    Unproved,

    /// <summary>It is not trusted, and its containers stand or are left: it takes none, and nothing leaves.</summary>
    Untrusted,

    /// <summary>It is not trusted, and its containers are moved away (<c>amig.trust.untrusted = evacuate</c>).</summary>
    Evacuated,
}

/// <summary>What one host has, what runs there, and whether it may have more.</summary>
/// <param name="Host">The host.</param>
/// <param name="Capacity">All that it has, each amount above 0.</param>
/// <param name="Own">What it uses itself, beside its containers.</param>
/// <param name="Pressure">Share of time, 0 to 1, in which something waited for CPU, memory or disk (PSI "some", the highest); 0 where the kernel does not say.</param>
/// <param name="Standing">Whether anything may be moved there.</param>
/// <param name="Labels">What it has (<c>amig.labels</c>).</param>
/// <param name="Containers">Its containers that run.</param>
public sealed record HostLoad(HostName Host, Resources Capacity, Resources Own, double Pressure, HostStanding Standing, string[] Labels, ContainerLoad[] Containers)
{
    /// <summary>What is there is moved away.</summary>
    public bool IsLeft => Standing is HostStanding.Draining or HostStanding.Evacuated;
}

/// <summary>All hosts at one moment.</summary>
/// <param name="AtUnixMs">When.</param>
/// <param name="Hosts">The hosts that have told their load, in any order. One that does not answer is not among them: nothing is moved there or away.</param>
public sealed record LoadSnapshot(long AtUnixMs, HostLoad[] Hosts);

/// <summary>Balancer or console to a host's load actor: say what you carry. Answer: <see cref="LoadTold"/> or <see cref="LoadUnknown"/>.</summary>
public sealed record AskLoad : IWire;

/// <summary>The answer to <see cref="AskLoad"/>.</summary>
public sealed record LoadTold(HostLoad Load) : IWire;

/// <summary>The other answer to <see cref="AskLoad"/>: the host cannot say now, and old numbers are not told.</summary>
/// <param name="Host">The host.</param>
/// <param name="Sentence">Why.</param>
public sealed record LoadUnknown(HostName Host, string Sentence) : IWire;
