using System.Security.Cryptography;
using System.Text;
using ActorMigration.Contracts.Trust;

namespace ActorMigration.Contracts.Tests.Trust;

public sealed class AttestationBindingSpec
{
    private static byte[] Fill(byte value) => [.. Enumerable.Repeat(value, 32)];

    private static AttestationBinding Binding => new(
        AttestationRole.Destination, Fill(1), Fill(2), Fill(3), Fill(4),
        new AttemptId(Guid.ParseExact("00112233445566778899aabbccddeeff", "N")), new ContainerName("redis"), new Fence(7, 2), Fill(5));

    [Fact]
    public void Qualifying_data_of_layout_1_is_this_digest()
    {
        byte[] layout =
        [
            18, .. Encoding.ASCII.GetBytes("amig/attestation/1"),
            2,
            .. Fill(1), .. Fill(2), .. Fill(3), .. Fill(4),
            .. Convert.FromHexString("00112233445566778899AABBCCDDEEFF"),
            5, .. Encoding.ASCII.GetBytes("redis"),
            0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 2,
            .. Fill(5),
        ];

        Assert.Equal(SHA256.HashData(layout), Binding.QualifyingData());
    }

    [Fact]
    public void Nonce_of_another_length_is_refused()
        => Assert.Contains(
            "DestinationNonce", Assert.Throws<ArgumentException>(() => (Binding with { DestinationNonce = new byte[31] }).QualifyingData()).Message);

    [Fact]
    public void Fresh_nonces_differ() => Assert.NotEqual(AttestationBinding.NewNonce(), AttestationBinding.NewNonce());
}
