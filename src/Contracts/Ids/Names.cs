using System.Text.RegularExpressions;

namespace ActorMigration.Contracts;

/// <summary>
/// Name of a container, unique in the cluster. Kernel objects carry it (cgroup, netns, veth by hash), so it is short and
/// has no character that a path or an interface name could not hold.
/// </summary>
public readonly partial record struct ContainerName(string Value)
{
    /// <summary>Longest name: it must fit a cgroup, a netns and a runc id together with its fence.</summary>
    public const int MaxLength = 32;

    /// <summary>True when <paramref name="text"/> may name a container; the CLI and every listener ask before they build one.</summary>
    public static bool IsValid(string? text) => text is { Length: > 0 and <= MaxLength } && Pattern().IsMatch(text);

    /// <summary>The one sentence an operator reads when a name is refused.</summary>
    public static string Rule => $"a container name has 1 to {MaxLength} characters: lower-case letters, digits and '-', and starts with a letter or digit";

    public override string ToString() => Value;

    [GeneratedRegex("^[a-z0-9][a-z0-9-]*\\z")]
    private static partial Regex Pattern();
}

/// <summary>Name of a cluster member, as in its node certificate. Same alphabet as <see cref="ContainerName"/>.</summary>
public readonly record struct HostName(string Value)
{
    /// <summary>True when <paramref name="text"/> may name a host.</summary>
    public static bool IsValid(string? text) => ContainerName.IsValid(text);

    public override string ToString() => Value;
}

/// <summary>One try to move one container. It ends committed or aborted, never both.</summary>
public readonly record struct AttemptId(Guid Value)
{
    /// <summary>A fresh id; ids are never used twice.</summary>
    public static AttemptId New() => new(Guid.NewGuid());

    /// <summary>Reads the form that <see cref="ToString"/> writes.</summary>
    public static bool TryParse(string? text, out AttemptId id)
    {
        var ok = Guid.TryParseExact(text, "N", out var guid);
        id = new AttemptId(guid);
        return ok;
    }

    public override string ToString() => Value.ToString("N");
}

/// <summary>
/// Who may act on a container: the epoch counts its owners, the ordinal the attempts of this owner. Every command with a
/// side effect carries it and whoever performs the command compares; every kernel object of an attempt has it in its name.
/// </summary>
public readonly record struct Fence(long Epoch, int Ordinal) : IComparable<Fence>
{
    public int CompareTo(Fence other) => Epoch != other.Epoch ? Epoch.CompareTo(other.Epoch) : Ordinal.CompareTo(other.Ordinal);

    public static bool operator <(Fence left, Fence right) => left.CompareTo(right) < 0;

    public static bool operator >(Fence left, Fence right) => left.CompareTo(right) > 0;

    public static bool operator <=(Fence left, Fence right) => left.CompareTo(right) <= 0;

    public static bool operator >=(Fence left, Fence right) => left.CompareTo(right) >= 0;

    /// <summary>Form used in names of kernel objects and files, for example e7o2.</summary>
    public override string ToString() => $"e{Epoch}o{Ordinal}";
}
