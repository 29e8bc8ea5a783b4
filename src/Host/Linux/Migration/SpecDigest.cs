using System.Security.Cryptography;
using System.Text.Json;
using ActorMigration.Contracts;

namespace ActorMigration.Host.Linux.Migration;

/// <summary>
/// Digest of a container's spec, as it stands in the manifest: the destination compares it with the spec that it prepared for, so that the container
/// which arrives is the one that was announced.
/// </summary>
internal static class SpecDigest
{
    /// <summary>SHA-256 over the spec as JSON, properties in the order of their declaration: equal builds write equal bytes.</summary>
    internal static byte[] Of(ContainerSpec spec) => SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(spec));
}
