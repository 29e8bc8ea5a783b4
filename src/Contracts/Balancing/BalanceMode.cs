namespace ActorMigration.Contracts;

/// <summary>What the balancer does with a plan.</summary>
public enum BalanceMode
{
    /// <summary>Nothing is moved for balance; a host that is drained is emptied all the same.</summary>
    Off,

    /// <summary>It says what it would do, and the operator may order it (<c>amig balance apply</c>).</summary>
    Recommend,

    /// <summary>It orders the moves itself.</summary>
    Auto,
}

/// <summary>The operator's word on the mode, kept by every host, so that whoever balances next knows it. Sent by the host on which it was given to all others, and to those that turn out to have an older one.</summary>
/// <param name="Mode">What is to be done.</param>
/// <param name="Version">One more than the newest that was known where it was given.</param>
/// <param name="SetOn">Where it was given; decides between two of the same version.</param>
/// <param name="AtUnixMs">When.</param>
public sealed record BalanceModeSet(BalanceMode Mode, long Version, HostName SetOn, long AtUnixMs) : IWire
{
    /// <summary>Before anybody has said anything.</summary>
    public static BalanceModeSet None { get; } = new(BalanceMode.Off, 0, new HostName("nobody"), 0);

    public bool IsNewerThan(BalanceModeSet other) => (Version, string.CompareOrdinal(SetOn.Value, other.SetOn.Value)) is var (version, name) && (version > other.Version || (version == other.Version && name > 0));
}
