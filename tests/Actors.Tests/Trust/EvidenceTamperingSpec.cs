using System.Collections.Immutable;
using ActorMigration.Actors.Trust.Verification;
using ActorMigration.Contracts;
using ActorMigration.Contracts.Trust;
using CsCheck;

namespace ActorMigration.Actors.Tests.Trust;

/// <summary>No bit of accepted evidence is without meaning: flip any one and it is rejected, and never with an exception.</summary>
public sealed class EvidenceTamperingSpec
{
    private static readonly TestAuthority Authority = new();

    private static readonly AttestationPolicy Policy = new(
        "test",
        AllowSoftwareTpm: false,
        TimeSpan.FromSeconds(5),
        Revoked: [],
        ImmutableSortedDictionary<int, ImmutableSortedSet<string>>.Empty.Add(0, [Convert.ToHexStringLower(TestQuote.Pcr(0).Digest)]));

    private static readonly QuoteExpectation Expected = new(
        AkRequest.Host,
        new AttestationBinding(
            AttestationRole.Source, new byte[32], new byte[32], new byte[32], new byte[32], AttemptId.New(), new ContainerName("c"), new Fence(1, 1), Policy.Digest()),
        TestAuthority.Now,
        null);

    private static readonly Evidence Good = MakeGood();

    private static Evidence MakeGood()
    {
        var (issuing, issue) = Authority.Intermediate();
        var ak = new AkRequest();
        var quote = new TestQuote { ExtraData = Expected.Binding.QualifyingData() };
        var attest = quote.Attest();
        return new Evidence(EvidenceKind.Tpm2Quote, attest, TestQuote.Sign(attest, ak.Key), quote.Pcrs, issue(ak), [issuing]);
    }

    private static AttestationVerdict Verify(Evidence evidence)
        => AttestationVerifier.Verify(evidence, Expected, Policy, Authority.Anchors, TestAuthority.Now);

    private static byte[] Flip(byte[] bytes, int bit)
    {
        var flipped = (byte[])bytes.Clone();
        flipped[bit / 8] ^= (byte)(1 << (bit % 8));
        return flipped;
    }

    private static void EveryFlip(int bytes, Func<int, Evidence> flip)
    {
        Assert.IsType<AttestationVerdict.Accepted>(Verify(Good));

        // One after the other: as many at once as there are cores would starve the actor tests that run beside.
        for (var bit = 0; bit < 8 * bytes; bit++)
        {
            Assert.True(Verify(flip(bit)) is AttestationVerdict.Rejected, $"bit {bit} may be flipped");
        }
    }

    [Fact]
    public void Every_bit_of_the_attest_structure_counts()
        => EveryFlip(Good.Attest.Length, bit => Good with { Attest = Flip(Good.Attest, bit) });

    [Fact]
    public void Every_bit_of_the_signature_counts()
        => EveryFlip(Good.Signature.Length, bit => Good with { Signature = Flip(Good.Signature, bit) });

    [Fact]
    public void Every_bit_of_the_AK_certificate_counts()
        => EveryFlip(Good.AkCertificate.Length, bit => Good with { AkCertificate = Flip(Good.AkCertificate, bit) });

    [Fact]
    public void Every_bit_of_the_chain_counts()
        => EveryFlip(Good.AkChain[0].Length, bit => Good with { AkChain = [Flip(Good.AkChain[0], bit)] });

    [Fact]
    public void Every_bit_of_kind_banks_indices_and_values_counts()
    {
        EveryFlip(4, bit => Good with { Kind = (EvidenceKind)((int)Good.Kind ^ (1 << bit)) });
        for (var i = 0; i < Good.Pcrs.Length; i++)
        {
            var (at, pcr) = (i, Good.Pcrs[i]);
            Evidence With(PcrValue changed) => Good with { Pcrs = [.. Good.Pcrs[..at], changed, .. Good.Pcrs[(at + 1)..]] };
            EveryFlip(4, bit => With(pcr with { Index = pcr.Index ^ (1 << bit) }));
            EveryFlip(4, bit => With(pcr with { Bank = (PcrBank)((int)pcr.Bank ^ (1 << bit)) }));
            EveryFlip(32, bit => With(pcr with { Digest = Flip(pcr.Digest, bit) }));
        }
    }

    [Fact]
    public void Random_bytes_in_any_part_are_rejected_without_an_exception()
        => Gen.Select(Gen.Int[0, 3], Gen.Byte.Array[0, 300]).Sample((part, bytes) => Verify(part switch
        {
            0 => Good with { Attest = bytes },
            1 => Good with { Signature = bytes },
            2 => Good with { AkCertificate = bytes },
            _ => Good with { AkChain = [bytes] },
        }) is AttestationVerdict.Rejected);

    [Fact]
    public void Attest_cut_off_anywhere_and_signed_again_is_malformed_or_of_no_use()
    {
        var ak = new AkRequest();
        var certificate = Authority.Issue(ak);
        var attest = Good.Attest;
        for (var length = 1; length < attest.Length; length++)
        {
            var cut = attest[..length];
            var evidence = Good with { Attest = cut, Signature = TestQuote.Sign(cut, ak.Key), AkCertificate = certificate, AkChain = [] };
            Assert.Equal(AttestationRule.Malformed, Assert.IsType<AttestationVerdict.Rejected>(Verify(evidence)).Rule);
        }
    }
}
