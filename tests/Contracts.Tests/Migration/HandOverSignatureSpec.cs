using System.Security.Cryptography;
using ActorMigration.Contracts;

namespace ActorMigration.Contracts.Tests.Migration;

/// <summary>A token is permission for one manifest and one destination, by the one key that was registered.</summary>
public sealed class HandOverSignatureSpec : IDisposable
{
    private static readonly Manifest Manifest = new(AttemptId.New(), new ContainerName("c1"), new Fence(7, 2), [1], [2], [3], [4], [5]);

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly byte[] _digest;
    private readonly HandOverToken _token;

    public HandOverSignatureSpec()
    {
        _digest = SHA256.HashData(_key.ExportSubjectPublicKeyInfo());
        _token = HandOverSignature.Sign(_key, Manifest, [6]);
    }

    public void Dispose() => _key.Dispose();

    [Fact]
    public void A_token_names_its_manifest_and_destination_and_is_valid_for_the_registered_key_alone()
    {
        Assert.Equal(
            (Manifest.Attempt, Manifest.Container, Manifest.Fence, Convert.ToHexString(HandOverSignature.Root(Manifest)), 6),
            (_token.Attempt, _token.Container, _token.Fence, Convert.ToHexString(_token.ManifestRoot), _token.DestinationKey[0]));
        Assert.True(HandOverSignature.Verify(_token, _digest));
        Assert.False(HandOverSignature.Verify(_token, SHA256.HashData([1])));
        Assert.False(HandOverSignature.Verify(_token, []));
    }

    [Fact]
    public void A_token_of_which_anything_was_changed_is_not_valid()
    {
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Assert.All(
            (HandOverToken[])[
                _token with { Attempt = AttemptId.New() }, _token with { Container = new ContainerName("c2") }, _token with { Fence = new Fence(8, 2) }, _token with { ManifestRoot = [7] },
                _token with { DestinationKey = [7] }, _token with { Signature = [7] }, _token with { Signature = HandOverSignature.Sign(other, Manifest, [6]).Signature }],
            changed => Assert.False(HandOverSignature.Verify(changed, _digest)));
    }

    [Fact]
    public void Bytes_that_are_no_key_or_more_than_a_key_sign_nothing()
    {
        byte[] longer = [.. _token.SourceKey, 0];
        var unsigned = _token with { SourceKey = longer };

        Assert.False(HandOverSignature.Verify(unsigned, SHA256.HashData(longer)));
        Assert.False(HandOverSignature.Verify(_token with { SourceKey = [1, 2] }, SHA256.HashData([1, 2])));
    }

    [Fact]
    public void No_two_manifests_have_the_same_root()
    {
        var roots = new[]
        {
            Manifest, Manifest with { Attempt = AttemptId.New() }, Manifest with { Container = new ContainerName("c2") }, Manifest with { Fence = new Fence(7, 3) }, Manifest with { PagesDigest = [9] },
            Manifest with { FinalIndexDigest = [9] }, Manifest with { FilesDigest = [9] }, Manifest with { ImagesDigest = [9] }, Manifest with { SpecDigest = [9] },
        }.Select(m => Convert.ToHexString(HandOverSignature.Root(m))).ToArray();

        Assert.Equal(roots.Length, roots.Distinct().Count());
    }
}
