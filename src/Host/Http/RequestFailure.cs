using ActorMigration.Contracts;

namespace ActorMigration.Host.Http;

/// <summary>Why the HTTP side refused a request before or instead of an attempt; the rest is <see cref="MigrationFailure"/>. No name is in both.</summary>
public enum RequestFailure
{
    /// <summary>The request itself is malformed.</summary>
    InvalidRequest,

    /// <summary>A container of this name is there already, somewhere in the cluster.</summary>
    NameInUse,

    /// <summary>Another container, or a host of the cluster, has this IP address.</summary>
    AddressInUse,

    /// <summary>The image is not in this host's store.</summary>
    UnknownImage,

    /// <summary>No attempt has this id, and no container of this name has one.</summary>
    UnknownMigration,

    /// <summary>More than one attempt has an id that begins like this.</summary>
    AmbiguousReference,

    /// <summary>The attempt has ended already.</summary>
    HasEnded,

    /// <summary>The operator's word about a register was not taken; nothing was decided.</summary>
    NotResolved,

    /// <summary>No answer came within amig.api.deadline; what was asked may still happen.</summary>
    NoAnswer,

    /// <summary>This host cannot do it; the sentence names what is missing.</summary>
    NotAvailable,
}
