using ActorMigration.Contracts;
using ActorMigration.Host.Linux.Network;
using CsCheck;

namespace ActorMigration.Host.Tests.Linux.Network;

/// <summary>Which attempt may act for a container's address, and what its kernel objects are called.</summary>
public sealed class ClaimLedgerSpec
{
    private static readonly ContainerName Redis = new("redis");

    [Fact]
    public void Only_the_newest_fence_acts_whatever_the_order_of_commands()
        => Gen.Select(Gen.Long[0, 3], Gen.Int[0, 3]).Array[1, 30].Sample(commands =>
        {
            var ledger = new ClaimLedger();
            var highest = new Fence(-1, 0);
            foreach (var (epoch, ordinal) in commands)
            {
                var fence = new Fence(epoch, ordinal);
                Assert.Equal(fence >= highest, ledger.TryAct(Redis, fence));
                highest = fence > highest ? fence : highest;
            }
            Assert.True(ledger.TryAct(new ContainerName("another"), new Fence(0, 0)));
        });

    [Fact]
    public void A_refusal_names_both_fences()
    {
        var ledger = new ClaimLedger();
        ledger.Demand(Redis, new Fence(7, 2), "Claiming");

        var refusal = Assert.Throws<StaleFenceException>(() => ledger.Demand(Redis, new Fence(7, 1), "Claiming"));

        Assert.Contains("e7o1", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("e7o2", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_of_links_fit_the_kernel_and_read_back_from_alias_and_file()
        => Gen.Select(Gen.Char["abcxyz019-"].Array[0, 31], Gen.Long[0, long.MaxValue], Gen.Int[0, int.MaxValue]).Sample((text, epoch, ordinal) =>
        {
            var name = new PortName(new ContainerName("c" + new string(text)), new Fence(epoch, ordinal));

            Assert.All(new[] { name.HostEnd, name.HoldPort, name.HoldTap }, link => Assert.InRange(link.Length, 1, 15));
            Assert.InRange(name.Alias.Length, 1, 255);
            Assert.True(PortName.TryParse(name.Alias, out var read) && read == name);
            Assert.True(PortName.TryParseFile(name.NetnsFile, out read) && read == name);
        });

    [Theory]
    [InlineData("")]
    [InlineData("amig:")]
    [InlineData("amig:redis")]
    [InlineData("amig:redis:e7")]
    [InlineData("amig:redis:7o2")]
    [InlineData("amig:redis:eo2")]
    [InlineData("amig:redis:e-7o2")]
    [InlineData("amig:../x:e7o2")]
    [InlineData("amig:redis:e7o2:x")]
    [InlineData("other:redis:e7o2")]
    public void What_is_not_ours_is_not_taken_for_ours(string alias) => Assert.False(PortName.TryParse(alias, out _));
}
