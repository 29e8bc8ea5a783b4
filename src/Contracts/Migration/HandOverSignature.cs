using System.Security.Cryptography;

namespace ActorMigration.Contracts;

/// <summary>
/// The signature on a hand-over: made by the source with its key of the attempt (the one its quote vouches for and whose digest it registered with the
/// voters), checked by the destination before it restores and by every voter before it accepts DEST.
/// </summary>
public static class HandOverSignature
{
    private const string ManifestTag = "amig/manifest/1";
    private const string TokenTag = "amig/hand-over/1";

    /// <summary>SHA-256 over the canonical encoding of all fields of the manifest.</summary>
    public static byte[] Root(Manifest manifest)
    {
        var writer = new WireWriter().Text(ManifestTag);
        DecisionBytes.Write(writer, new RegisterId(manifest.Container, manifest.Fence, manifest.Attempt))
            .Bytes(manifest.PagesDigest)
            .Bytes(manifest.FinalIndexDigest)
            .Bytes(manifest.FilesDigest)
            .Bytes(manifest.ImagesDigest)
            .Bytes(manifest.SpecDigest);
        return SHA256.HashData(writer.Written);
    }

    /// <summary>Signs permission to propose DEST for exactly this manifest and destination.</summary>
    /// <param name="key">The source's P-256 key of this attempt.</param>
    /// <param name="manifest">All that was sent.</param>
    /// <param name="destinationKeyDigest">SHA-256 of the destination's SPKI, from its accepted evidence.</param>
    public static HandOverToken Sign(ECDsa key, Manifest manifest, byte[] destinationKeyDigest)
    {
        var unsigned = new HandOverToken(
            manifest.Attempt, manifest.Container, manifest.Fence, Root(manifest), destinationKeyDigest, key.ExportSubjectPublicKeyInfo(), []);
        return unsigned with { Signature = key.SignData(Signed(unsigned), HashAlgorithmName.SHA256) };
    }

    /// <summary>True when the token is signed by the key whose digest was registered at BEGIN. Whose token it is (attempt, manifest, destination) the caller compares.</summary>
    public static bool Verify(HandOverToken token, ReadOnlySpan<byte> registeredKeyDigest)
    {
        if (!CryptographicOperations.FixedTimeEquals(SHA256.HashData(token.SourceKey), registeredKeyDigest))
        {
            return false;
        }

        using var key = ECDsa.Create();
        try
        {
            key.ImportSubjectPublicKeyInfo(token.SourceKey, out var read);
            return read == token.SourceKey.Length && key.VerifyData(Signed(token), token.Signature, HashAlgorithmName.SHA256);
        }
        catch (CryptographicException)
        {
            // A digest that was registered but is of no P-256 key: nothing such a "key" signed is valid.
            return false;
        }
    }

    private static byte[] Signed(HandOverToken token)
    {
        var writer = new WireWriter().Text(TokenTag);
        return DecisionBytes.Write(writer, new RegisterId(token.Container, token.Fence, token.Attempt))
            .Bytes(token.ManifestRoot)
            .Bytes(token.DestinationKey)
            .Bytes(token.SourceKey)
            .ToArray();
    }
}
