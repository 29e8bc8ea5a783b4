namespace ActorMigration.Contracts.Trust;

/// <summary>What one voter's host makes of another host's evidence.</summary>
public enum HostTrust
{
    /// <summary>It has not been judged yet. Nothing follows from that.</summary>
    Unknown,

    /// <summary>Its last evidence was accepted.</summary>
    Proved,

    /// <summary>It was asked in vain for longer than <c>amig.trust.patience</c>, though it is a reachable member: it cannot or will not prove anything. It takes no containers; those that it has are left alone.</summary>
    Unproved,

    /// <summary>Evidence of it was rejected twice in a row, over two nonces. With a majority of the voters saying so the host is not trusted.</summary>
    Rejected,
}

/// <summary>What is done with the containers of a host that is not trusted any more (<c>amig.trust.untrusted</c>).</summary>
public enum UntrustedAction
{
    /// <summary>The host freezes them where they are; they go on when it has proved itself again. Nothing is lost, and nobody is served by a host that nobody believes.</summary>
    Stop,

    /// <summary>They are moved away: the operator takes their memory for good, although its host cannot prove what it is.</summary>
    Evacuate,

    /// <summary>Nothing: it is only said.</summary>
    Leave,
}
