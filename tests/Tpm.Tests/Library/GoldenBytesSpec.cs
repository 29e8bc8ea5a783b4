using ActorMigration.Actors.Trust;
using ActorMigration.Host.Trust.Tpm;
using Tpm2Lib;

namespace ActorMigration.Tpm.Tests.Library;

/// <summary>Byte layouts against bytes from the specification, from other implementations and from real TPMs.</summary>
public sealed class GoldenBytesSpec
{
    private static string Hex(TpmStructureBase structure) => Convert.ToHexString(structure.GetTpmRepresentation());

    private static byte[] Bytes(string hex) => Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));

    [Fact]
    public void Attestation_key_template()
        => Assert.Equal("0023000B0005047200000010001800" + "0B0003001000000000", Hex(KeyTemplates.AttestationKey));

    [Fact]
    public void Endorsement_key_template_L1()
        => Assert.Equal(
            "0001000B000300B20020837197674484B3F81A90CC8D46A5D724FD52D76E06520B64F2A1DA1B331469AA0006008000430010080000000000"
            + "0100" + new string('0', 512),
            Hex(KeyTemplates.EndorsementKey(EkTemplate.L1)));

    [Fact]
    public void Endorsement_key_template_L2()
        => Assert.Equal(
            "0023000B000300B20020837197674484B3F81A90CC8D46A5D724FD52D76E06520B64F2A1DA1B331469AA0006008000430010000300100020"
            + new string('0', 64) + "0020" + new string('0', 64),
            Hex(KeyTemplates.EndorsementKey(EkTemplate.L2)));

    [Fact]
    public void Endorsement_key_template_H3()
        => Assert.Equal(
            "0023000C000300F20030B26E7D28D11A50BC53D882BCF5FD3A1A074148BB35D3B4E4CB1C0AD9BDE419CACB47BA09699646150F9FC000F3F80E12"
            + "00060100004300100004001000000000",
            Hex(KeyTemplates.EndorsementKey(EkTemplate.H3)));

    [Fact]
    public void Counter_public_area()
        => Assert.Equal(
            "01800123000B0206001400000008",
            Hex(new NvPublic(
                new TpmHandle(0x01800123),
                TpmAlgId.Sha256,
                NvAttr.Counter | NvAttr.Authwrite | NvAttr.Authread | NvAttr.Ownerread | NvAttr.NoDa,
                [],
                8)));

    [Fact]
    public void Pcr_selection_has_its_lowest_PCR_in_the_lowest_bit()
    {
        uint[] pcrs = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 14, 16];
        var selection = new PcrSelection(TpmAlgId.Sha256, pcrs);

        Assert.Equal("000B03FF4F01", Hex(selection));
        Assert.Equal(pcrs, Marshaller.FromTpmRepresentation<PcrSelection>(Bytes("000B03FF4F01")).GetSelectedPcrs());
    }

    [Fact]
    public void Quote_is_read_and_written_back_the_same()
    {
        var bytes = Bytes(
            "FF544347 8018 0022 000B" + new string('1', 64) + "0020" + new string('2', 64)
            + "0000000000001388 00000002 00000000 01 2019102300163636 00000001 000B 03 FF4F01 0020" + new string('3', 64));
        Assert.Equal(145, bytes.Length);

        var attest = Marshaller.FromTpmRepresentation<Attest>(bytes);

        Assert.Equal(bytes, attest.GetTpmRepresentation());
        Assert.Equal((5000UL, 2U, 0U), (attest.clockInfo!.clock, attest.clockInfo.resetCount, attest.clockInfo.restartCount));
        Assert.Equal(14, Assert.IsType<QuoteInfo>(attest.attested).pcrSelect.Single().GetSelectedPcrs().Length);
        Assert.Throws<TpmMalformedResponseException>(() => Marshaller.FromTpmRepresentation<Attest>([.. bytes, 0]));
        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.Throws<TpmMalformedResponseException>(() => Marshaller.FromTpmRepresentation<Attest>(bytes[..length]));
        }
    }

    [Fact]
    public void Credential_has_the_encrypted_identity_without_a_length()
        => Assert.Equal("0002AABB" + "CCDDEE", Hex(new IdObject([0xAA, 0xBB], [0xCC, 0xDD, 0xEE])));

    [Fact]
    public void Name_is_algorithm_and_digest_of_the_public_area()
        => Assert.Equal(
            "000B" + Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(KeyTemplates.AttestationKey.GetTpmRepresentation())),
            Convert.ToHexString(KeyTemplates.AttestationKey.GetName()));

    [Fact]
    public void Unknown_union_member_and_endless_list_are_malformed()
    {
        Assert.Throws<TpmMalformedResponseException>(() => Marshaller.FromTpmRepresentation<TpmPublic>(Bytes("0008 000B 00000000 0000 0010 0000")));
        Assert.Throws<TpmMalformedResponseException>(() => Marshaller.FromTpmRepresentation<HandleArray>(Bytes("FFFFFFFF")));
    }
}
