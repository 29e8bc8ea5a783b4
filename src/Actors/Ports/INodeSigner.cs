using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>Signs with this node's platform key (ECDSA P-256 over SHA-256, IEEE P1363). Used for registrations and accepts.</summary>
public interface INodeSigner
{
    /// <summary>The node.</summary>
    HostName Self { get; }

    /// <summary>Signature over <paramref name="message"/>.</summary>
    byte[] Sign(ReadOnlySpan<byte> message);
}

/// <summary>Checks signatures against the certificates of known nodes (issued by the owner CA, SAN <c>urn:amig:node:NAME</c>).</summary>
public interface INodeKeys
{
    /// <summary>True when <paramref name="signature"/> over <paramref name="message"/> is by the key of <paramref name="node"/>; false for an unknown node.</summary>
    bool Verify(HostName node, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature);
}
