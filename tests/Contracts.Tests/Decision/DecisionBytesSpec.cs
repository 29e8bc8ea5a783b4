using ActorMigration.Contracts;

namespace ActorMigration.Contracts.Tests.Decision;

/// <summary>A signature is over every field: bytes that are the same for two values would let one pass as the other.</summary>
public sealed class DecisionBytesSpec
{
    private static readonly HostName A = new("a");
    private static readonly HostName B = new("b");
    private static readonly RegisterId Register = new(new ContainerName("c1"), new Fence(7, 2), AttemptId.New());
    private static readonly RegisteredVoter Voter = new(A, Guid.NewGuid());
    private static readonly Registration Registration = new(Register, RegisterKind.Migration, A, B, [Voter], [1], [], []);
    private static readonly SignedAccept Accept = new(A, Guid.NewGuid(), Register, new Ballot(3, A), Verdict.Source, []);

    [Fact]
    public void No_two_registrations_have_the_same_bytes()
        => AssertAllDiffer(new[]
        {
            Registration,
            Registration with { Register = Register with { Container = new ContainerName("c2") } },
            Registration with { Register = Register with { Fence = new Fence(8, 2) } },
            Registration with { Register = Register with { Fence = new Fence(7, 3) } },
            Registration with { Register = Register with { Attempt = AttemptId.New() } },
            Registration with { Kind = RegisterKind.Creation },
            Registration with { Source = B },
            Registration with { Destination = A },
            Registration with { Voters = [] },
            Registration with { Voters = [Voter, Voter] },
            Registration with { Voters = [Voter with { Host = B }] },
            Registration with { Voters = [Voter with { Incarnation = Guid.NewGuid() }] },
            Registration with { SourceKeyDigest = [2] },
        }.Select(DecisionBytes.ToSign));

    [Fact]
    public void No_two_accepts_have_the_same_bytes_and_none_those_of_a_registration()
        => AssertAllDiffer(new[]
        {
            Accept,
            Accept with { Voter = B },
            Accept with { Incarnation = Guid.NewGuid() },
            Accept with { Register = Register with { Attempt = AttemptId.New() } },
            Accept with { Ballot = new Ballot(4, A) },
            Accept with { Ballot = new Ballot(3, B) },
            Accept with { Value = Verdict.Dest },
        }.Select(DecisionBytes.ToSign).Append(DecisionBytes.ToSign(Registration)));

    private static void AssertAllDiffer(IEnumerable<byte[]> encodings)
    {
        var texts = encodings.Select(Convert.ToHexString).ToArray();
        Assert.Equal(texts.Length, texts.Distinct().Count());
    }
}
