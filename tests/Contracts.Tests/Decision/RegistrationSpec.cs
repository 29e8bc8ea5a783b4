using ActorMigration.Contracts;

namespace ActorMigration.Contracts.Tests.Decision;

/// <summary>What a verdict makes of fence and owner, and which ballot is higher.</summary>
public sealed class RegistrationSpec
{
    private static readonly HostName A = new("a");
    private static readonly HostName B = new("b");

    [Theory]
    [InlineData(RegisterKind.Migration, Verdict.Dest, 8, 1, "b")]
    [InlineData(RegisterKind.Migration, Verdict.Source, 7, 3, "a")]
    [InlineData(RegisterKind.Creation, Verdict.Dest, 8, 1, "b")]
    [InlineData(RegisterKind.Creation, Verdict.Source, 7, 3, null)]
    public void A_verdict_gives_the_next_fence_and_its_owner(RegisterKind kind, Verdict verdict, long epoch, int ordinal, string? owner)
    {
        var register = new RegisterId(new ContainerName("c1"), new Fence(7, 2), AttemptId.New());
        var closed = new ClosedRegister(new Registration(register, kind, A, B, [], [], [], []), new VerdictCertificate(register, verdict, []));

        Assert.Equal(new Fence(epoch, ordinal), closed.Next);
        Assert.Equal(owner, closed.NextOwner?.Value);
    }

    [Fact]
    public void Ballots_are_ordered_by_counter_and_then_by_host_and_no_two_hosts_share_one()
    {
        var (low, middle, high) = (new Ballot(1, B), new Ballot(2, A), new Ballot(2, B));

        Assert.True(low < middle && middle < high && low <= middle && middle <= high);
        Assert.True(high > middle && middle > low && high >= middle && middle >= low);
        Assert.False(middle < low || high <= middle || low > middle || middle >= high);
        var same = new Ballot(2, A);
        Assert.True(middle <= same && middle >= same);
        Assert.False(middle < same || middle > same);
        Assert.Equal(0, middle.CompareTo(same));
        Assert.Equal(1, low.CompareTo(null));
    }
}
