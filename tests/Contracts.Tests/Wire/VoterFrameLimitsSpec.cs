using ActorMigration.Contracts;

namespace ActorMigration.Contracts.Tests.Wire;

/// <summary>Frames that could be read and must not be: each is a good one with one value out of its range.</summary>
public sealed class VoterFrameLimitsSpec
{
    /// <summary>Most voters that a frame may have.</summary>
    private const int MostVoters = 9;

    private static readonly HostName A = new("a");
    private static readonly RegisterId Register = new(new ContainerName("c1"), new Fence(7, 2), AttemptId.New());
    private static readonly Ballot Ballot = new(5, A);
    private static readonly SignedAccept Accept = new(A, Guid.NewGuid(), Register, Ballot, Verdict.Dest, [9]);
    private static readonly VerdictCertificate Certificate = new(Register, Verdict.Dest, [Accept]);
    private static readonly Registration Registration = new(Register, RegisterKind.Migration, A, A, [new RegisteredVoter(A, Guid.Empty)], [1], [], [3]);

    [Fact]
    public void A_frame_may_be_as_long_as_the_longest_and_not_longer()
    {
        var longest = new byte[VoterFrames.MaxBytes];
        longest[0] = VoterFrames.Version;

        Assert.Contains("unknown kind", Assert.Throws<WireFormatException>(() => VoterFrames.DecodeRequest(longest)).Message, StringComparison.Ordinal);
        Assert.Contains("at most", Assert.Throws<WireFormatException>(() => VoterFrames.DecodeRequest([.. longest, 0])).Message, StringComparison.Ordinal);
        Assert.Throws<WireFormatException>(() => VoterFrames.DecodeReply([VoterFrames.Version, 99]));
    }

    [Fact]
    public void Names_that_nobody_has_are_refused()
    {
        Refuses(new VoterRequest.AskFloor(new ContainerName("C 1")));
        Refuses(new VoterRequest.AskFloor(new ContainerName(new string('c', ContainerName.MaxLength + 1))));
        Refuses(new VoterReply.Done(new HostName("A b")));
    }

    [Fact]
    public void Values_that_are_none_are_refused()
    {
        Refuses(new VoterRequest.Accept(Register, Ballot, 0, null));
        Refuses(new VoterRequest.Accept(Register, Ballot, (Verdict)3, null));
        Refuses(new VoterRequest.Begin(Registration with { Kind = 0 }));
        Refuses(new VoterRequest.Begin(Registration with { Kind = (RegisterKind)3 }));
        Refuses(new VoterReply.BeginRefused(A, (BeginRefusal)99, "why"));
        Refuses(new VoterReply.Memory(A, Guid.Empty, (VoterStanding)99, [], [], false, new VoterSet(1, [])));
        var presence = VoterFrames.Encode(new VoterRequest.AskMemory(null));
        presence[^1] = 2;
        Assert.Throws<WireFormatException>(() => VoterFrames.DecodeRequest(presence));
    }

    [Fact]
    public void Lists_are_as_long_as_they_may_be_and_not_longer()
    {
        Reads(new VoterRequest.Learn(Certificate with { Accepts = [.. Enumerable.Repeat(Accept, MostVoters)] }));
        Refuses(new VoterRequest.Learn(Certificate with { Accepts = [.. Enumerable.Repeat(Accept, MostVoters + 1)] }));
        Reads(new VoterRequest.Begin(Registration with { Voters = [.. Enumerable.Repeat(Registration.Voters[0], MostVoters)] }));
        Refuses(new VoterRequest.Begin(Registration with { Voters = [.. Enumerable.Repeat(Registration.Voters[0], MostVoters + 1)] }));

        var before = new ClosedRegister(Registration, Certificate);
        Reads(new VoterRequest.Begin(Registration with { Previous = [before] }));
        Refuses(new VoterRequest.Begin(Registration with { Previous = [before, before] }));
        Refuses(new VoterRequest.Begin(Registration with { Previous = [before with { Registration = Registration with { Previous = [before] } }] }));

        Assert.IsType<VoterReply.Memory>(VoterFrames.DecodeReply(VoterFrames.Encode(MemoryOf(VoterFrames.MaxFloors, VoterFrames.MaxUnsettled))));
        Refuses(MemoryOf(VoterFrames.MaxFloors + 1, 0));
        Refuses(MemoryOf(1, VoterFrames.MaxUnsettled + 1));
        Refuses(MemoryOf(1, 0) with { Set = new VoterSet(0, []) });
        Refuses(MemoryOf(1, 0) with { Set = new VoterSet(1, [.. Enumerable.Repeat(A, 10)]) });
        static VoterReply.Memory MemoryOf(int floors, int unsettled) => new(
            A, Guid.Empty, VoterStanding.Votes, [],
            [.. Enumerable.Repeat(new ContainerFloor(Register.Container, Register.Fence, A, [.. Enumerable.Repeat(Register, unsettled)]), floors)], false, new VoterSet(1, []));
    }

    private static void Reads(VoterRequest request) => Assert.Equal(request.GetType(), VoterFrames.DecodeRequest(VoterFrames.Encode(request)).GetType());

    private static void Refuses(VoterRequest request) => Assert.Throws<WireFormatException>(() => VoterFrames.DecodeRequest(VoterFrames.Encode(request)));

    private static void Refuses(VoterReply reply) => Assert.Throws<WireFormatException>(() => VoterFrames.DecodeReply(VoterFrames.Encode(reply)));
}
