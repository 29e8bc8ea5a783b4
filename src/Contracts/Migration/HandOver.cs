namespace ActorMigration.Contracts;

/// <summary>
/// What the source says it sent, signed with the key that its quote vouches for. The destination checks each digest against
/// its own running digest before CRIU sees a byte. The root over all fields is what the hand-over token names.
/// </summary>
/// <param name="Attempt">The attempt.</param>
/// <param name="Container">The container.</param>
/// <param name="Fence">Epoch of the source and ordinal of this attempt.</param>
/// <param name="PagesDigest">SHA-256 over all page frames.</param>
/// <param name="FinalIndexDigest">SHA-256 over the encoded final index: every page with the round that sent it last.</param>
/// <param name="FilesDigest">SHA-256 over the file stream.</param>
/// <param name="ImagesDigest">SHA-256 over the skeleton's image directory.</param>
/// <param name="SpecDigest">SHA-256 over the container's spec as it was prepared.</param>
public sealed record Manifest(
    AttemptId Attempt,
    ContainerName Container,
    Fence Fence,
    byte[] PagesDigest,
    byte[] FinalIndexDigest,
    byte[] FilesDigest,
    byte[] ImagesDigest,
    byte[] SpecDigest);

/// <summary>
/// Permission to propose DEST: signed by the source after the freeze, over the manifest's root and the destination's key.
/// Without it no voter accepts DEST.
/// </summary>
/// <param name="Attempt">The attempt.</param>
/// <param name="Container">The container.</param>
/// <param name="Fence">Epoch of the source and ordinal of this attempt.</param>
/// <param name="ManifestRoot">SHA-256 over the canonical encoding of the manifest.</param>
/// <param name="DestinationKey">SHA-256 of the destination's TLS key of this attempt (SPKI).</param>
/// <param name="SourceKey">SPKI of the source's TLS key of this attempt; its digest was registered at BEGIN.</param>
/// <param name="Signature">ECDSA P-256 over all fields above (IEEE P1363).</param>
public sealed record HandOverToken(
    AttemptId Attempt,
    ContainerName Container,
    Fence Fence,
    byte[] ManifestRoot,
    byte[] DestinationKey,
    byte[] SourceKey,
    byte[] Signature);
