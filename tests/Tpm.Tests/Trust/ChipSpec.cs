using ActorMigration.Actors.Trust;
using ActorMigration.Host.Trust.Tpm;
using ActorMigration.Tpm.Tests.Swtpm;

namespace ActorMigration.Tpm.Tests.Trust;

/// <summary>Counters, leftovers and transports of a real (software) TPM.</summary>
public sealed class ChipSpec(TpmLab lab) : IClassFixture<TpmLab>
{
    private const uint Counter = 0x01800142;

    [Fact]
    public void Counter_goes_on_across_connections_and_removal()
    {
        ulong first;
        using (var chip = lab.B.Open())
        {
            Assert.Null(chip.ReadCounter(Counter));
            first = chip.IncrementCounter(Counter);
            Assert.Equal(first + 1, chip.IncrementCounter(Counter));
        }

        lab.B.Restart();
        using var again = lab.B.Open();
        Assert.Equal(first + 1, again.ReadCounter(Counter));

        again.RemoveCounter(Counter);

        Assert.Null(again.ReadCounter(Counter));
        Assert.True(again.IncrementCounter(Counter) > first + 1);
        again.RemoveCounter(Counter);
    }

    [Fact]
    public void Objects_of_a_client_that_died_do_not_fill_the_TPM()
    {
        for (var client = 0; client < 8; client++)
        {
            lab.B.Open().Dispose();
        }

        using var chip = lab.B.Open();
        Assert.Equal(9, chip.Quote(new byte[32], [0, 1, 2, 3, 4, 5, 6, 7, 16]).Pcrs.Count);
    }

    [Fact]
    public void Attestation_key_is_the_same_after_a_restart()
    {
        byte[] before;
        using (var chip = lab.B.Open())
        {
            before = chip.ReadAttestationKey();
        }

        lab.B.Restart();

        using var again = lab.B.Open();
        Assert.Equal(before, again.ReadAttestationKey());
    }

    [Fact]
    public void Extending_a_PCR_of_another_bank_size_is_an_error_of_the_caller()
    {
        using var chip = lab.B.Open();

        Assert.Throws<TpmUnavailableException>(() => chip.ExtendPcr(16, new byte[20]));
    }

    [Theory]
    [InlineData("device:/dev/no-such-tpm")]
    [InlineData("unix:/no/such/socket")]
    [InlineData("tcp:127.0.0.1:1")]
    public void Missing_TPM_is_an_error_and_never_another_TPM(string text)
    {
        Assert.True(TpmAddress.TryParse(text, out var address));
        using var chip = new Tpm2Chip(address);

        Assert.Contains(text, Assert.Throws<TpmUnavailableException>(chip.Open).Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("/dev/tpmrm0")]
    [InlineData("device:tpmrm0")]
    [InlineData("tcp:localhost:1")]
    [InlineData("tcp:127.0.0.1")]
    [InlineData("tcp:127.0.0.1:0")]
    [InlineData("tcp:127.0.0.1:65536")]
    [InlineData("mssim:127.0.0.1:2321")]
    public void Address_that_is_not_explicit_is_refused(string text) => Assert.False(TpmAddress.TryParse(text, out _));
}
