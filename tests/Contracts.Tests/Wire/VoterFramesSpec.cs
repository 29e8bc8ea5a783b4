using System.Text.Json;
using ActorMigration.Contracts;

namespace ActorMigration.Contracts.Tests.Wire;

public sealed class VoterFramesSpec
{
    private static readonly HostName A = new("a");
    private static readonly RegisterId Register = new(new ContainerName("c1"), new Fence(7, 2), new AttemptId(new Guid("00112233-4455-6677-8899-aabbccddeeff")));
    private static readonly Ballot Ballot = new(5, A);
    private static readonly HandOverToken Token = new(Register.Attempt, Register.Container, Register.Fence, [1], [2], [3], [4]);
    private static readonly VerdictCertificate Certificate = new(Register, Verdict.Dest, [new SignedAccept(A, new Guid(1, 2, 3, new byte[8]), Register, Ballot, Verdict.Dest, [9])]);
    private static readonly Registration Before = new(Register, RegisterKind.Migration, A, new HostName("b"), [new RegisteredVoter(A, Guid.Empty)], [1, 2], [], [3]);
    private static readonly Registration Registration = Before with { Previous = [new ClosedRegister(Before, Certificate)] };

    private static readonly Resolution Resolution = new(Register, 2, Verdict.Dest, [new HostName("b")], "root", "why", 1);
    private static readonly VerdictCertificate Resolved = new(Register, Verdict.Dest, [], new ResolvedBy(Resolution, [new SignedConsent(A, [5])]));

    public static TheoryData<VoterRequest> Requests() =>
    [
        new VoterRequest.AskFloor(Register.Container), new VoterRequest.Begin(Registration), new VoterRequest.Prepare(Register, Ballot),
        new VoterRequest.Accept(Register, Ballot, Verdict.Dest, Token), new VoterRequest.Accept(Register, Ballot, Verdict.Source, null),
        new VoterRequest.Learn(Certificate), new VoterRequest.Withdraw(Register), new VoterRequest.Release(Register.Container, 7),
        new VoterRequest.AskMemory(null), new VoterRequest.AskMemory(Register.Container),
        new VoterRequest.PrepareResolution(Before, 3, Verdict.Source, false), new VoterRequest.PrepareResolution(Before, 3, Verdict.Dest, true), new VoterRequest.ConsentToResolution(Resolution), new VoterRequest.ConsentToResolution(Resolution with { IsLost = true }), new VoterRequest.AskResolutions(), new VoterRequest.AskWhetherLost(Before),
        new VoterRequest.SpreadResolution(new ClosedRegister(Before, Resolved)), new VoterRequest.Learn(Resolved),
    ];

    public static TheoryData<VoterReply> Replies() =>
    [
        new VoterReply.Floor(A, Guid.NewGuid(), Register.Container, Register.Fence, A, Register), new VoterReply.Floor(A, Guid.Empty, Register.Container, Register.Fence, null, null),
        new VoterReply.Registered(A, Guid.NewGuid()), new VoterReply.BeginRefused(A, BeginRefusal.ChainBroken, "why"),
        new VoterReply.Promised(A, Ballot, Ballot, Verdict.Dest, Token), new VoterReply.Promised(A, Ballot, null, null, null), new VoterReply.Outbid(A, Ballot),
        new VoterReply.Accepted(Certificate.Accepts[0]), new VoterReply.Decided(Certificate), new VoterReply.UnknownRegister(A), new VoterReply.Forgotten(A),
        new VoterReply.Refused(A, "why"), new VoterReply.Done(A), new VoterReply.Memory(A, Guid.NewGuid(), VoterStanding.New, [], [], false, new VoterSet(1, [])),
        new VoterReply.Memory(
            A, Guid.NewGuid(), VoterStanding.Votes, [new RegisteredVoter(A, Guid.NewGuid())],
            [new ContainerFloor(Register.Container, Register.Fence, A, [Register, Register]), new ContainerFloor(new ContainerName("c2"), new Fence(0, 1), null, [])], true, new VoterSet(7, [A, new HostName("b")])),
        new VoterReply.ResolutionPromised(A, 2, null), new VoterReply.ResolutionPromised(A, 2, Resolution), new VoterReply.Consented(new SignedConsent(A, [5])),
        new VoterReply.Resolutions(A, false, []), new VoterReply.Resolutions(A, true, [new ClosedRegister(Before, Resolved)]),
    ];

    [Theory]
    [MemberData(nameof(Requests))]
    public void A_request_is_read_as_it_was_written_and_no_shorter_or_longer_one_is(VoterRequest request)
    {
        var bytes = VoterFrames.Encode(request);

        Assert.Equal(Text(request), Text(VoterFrames.DecodeRequest(bytes)));
        Assert.All(Enumerable.Range(0, bytes.Length), length => Assert.Throws<WireFormatException>(() => VoterFrames.DecodeRequest(bytes.AsSpan(0, length))));
        Assert.Throws<WireFormatException>(() => VoterFrames.DecodeRequest([.. bytes, 0]));
    }

    [Theory]
    [MemberData(nameof(Replies))]
    public void A_reply_is_read_as_it_was_written_and_no_shorter_or_longer_one_is(VoterReply reply)
    {
        var bytes = VoterFrames.Encode(reply);

        Assert.Equal(Text(reply), Text(VoterFrames.DecodeReply(bytes)));
        Assert.All(Enumerable.Range(0, bytes.Length), length => Assert.Throws<WireFormatException>(() => VoterFrames.DecodeReply(bytes.AsSpan(0, length))));
        Assert.Throws<WireFormatException>(() => VoterFrames.DecodeReply([.. bytes, 0]));
    }

    [Fact]
    public void Changed_bytes_are_read_as_something_or_refused_and_never_anything_else()
    {
        var random = new Random(1);
        foreach (var request in new[] { VoterFrames.Encode(new VoterRequest.Begin(Registration)), VoterFrames.Encode(new VoterRequest.Learn(Certificate)), VoterFrames.Encode(new VoterRequest.Learn(Resolved)) })
        {
            for (var i = 0; i < 20_000; i++)
            {
                var changed = (byte[])request.Clone();
                changed[random.Next(changed.Length)] = (byte)random.Next(256);
                changed[random.Next(changed.Length)] ^= (byte)(1 << random.Next(8));
                try
                {
                    VoterFrames.DecodeRequest(changed);
                }
                catch (WireFormatException)
                {
                    // Refused with its reason; any other exception fails this test.
                }
            }
        }
    }

    /// <summary>Golden bytes of layout version 1: a change here is another version.</summary>
    [Fact]
    public void Reads_the_Prepare_bytes_of_version_1()
    {
        const string Version1 = "01" + "03" + "00000002" + "6331" + "0000000000000007" + "00000002" + "00112233445566778899aabbccddeeff" + "0000000000000005" + "00000001" + "61";

        Assert.Equal(new VoterRequest.Prepare(Register, Ballot), VoterFrames.DecodeRequest(Convert.FromHexString(Version1)));
        Assert.Equal(Version1, Convert.ToHexStringLower(VoterFrames.Encode(new VoterRequest.Prepare(Register, Ballot))));
    }

    [Fact]
    public void Another_version_is_refused()
    {
        var bytes = VoterFrames.Encode(new VoterRequest.AskFloor(Register.Container));
        bytes[0] = 2;

        Assert.Throws<WireFormatException>(() => VoterFrames.DecodeRequest(bytes));
    }

    private static string Text(object o) => o.GetType().Name + JsonSerializer.Serialize(o, o.GetType());
}
