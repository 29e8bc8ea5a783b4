using ActorMigration.Contracts;
using ActorMigration.Contracts.Trust;
using ActorMigration.Simulator;

namespace ActorMigration.Actors.Tests.Migrations;

/// <summary>One attempt's values for the step tables: container c1 goes from host a to host b at fence e1o2, voters a, b and w.</summary>
internal static class StepValues
{
    public static readonly AttemptId This = new(Guid.Parse("00000000-0000-0000-0000-000000000001"));
    public static readonly AttemptId OtherAttempt = new(Guid.Parse("00000000-0000-0000-0000-000000000002"));
    public static readonly ContainerName Container = new("c1");
    public static readonly Fence At = new(1, 2);
    public static readonly HostName A = new("a");
    public static readonly HostName B = new("b");
    public static readonly HostName W = new("w");
    public static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static readonly RegisteredVoter[] Voters = [new(A, IncarnationOf(0x0a)), new(B, IncarnationOf(0x0b)), new(W, IncarnationOf(0x0c))];

    public static readonly byte[] SourceKey = Digest(0x51);
    public static readonly byte[] DestinationKey = Digest(0xd1);

    /// <summary>Times that are all different, so that a table tells one from another.</summary>
    public static readonly AttemptTimes Times = new(
        Resend: TimeSpan.FromSeconds(1), Patience: TimeSpan.FromSeconds(30), PreparePatience: TimeSpan.FromSeconds(600), HandOverPatience: TimeSpan.FromSeconds(300), Retry: TimeSpan.FromSeconds(2));

    public static byte[] Digest(byte value) => [.. Enumerable.Repeat(value, 32)];

    public static Evidence EvidenceOf(byte value) => new(EvidenceKind.Tpm2Quote, [value], [], [], [], []);

    public static Registration RegistrationOf(AttemptId attempt, Fence fence, params ClosedRegister[] previous)
        => Signed(A, new Registration(new RegisterId(Container, fence, attempt), RegisterKind.Migration, A, B, Voters, SourceKey, previous, []));

    public static Registration Signed(HostName by, Registration registration) => registration with { Signature = FakeKeys.Sign(by, DecisionBytes.ToSign(registration)) };

    public static VerdictCertificate Certificate(Registration registration, Verdict value, params ReadOnlySpan<int> voters)
    {
        var accepts = new List<SignedAccept>();
        foreach (var voter in voters)
        {
            var (host, incarnation) = registration.Voters[voter];
            var unsigned = new SignedAccept(host, incarnation, registration.Register, new Ballot(1, B), value, []);
            accepts.Add(unsigned with { Signature = FakeKeys.Sign(host, DecisionBytes.ToSign(unsigned)) });
        }

        return new VerdictCertificate(registration.Register, value, [.. accepts]);
    }

    public static Manifest ManifestOf(byte pages = 0x77)
        => new(This, Container, At, Digest(pages), Digest(0x78), Digest(0x79), Digest(0x7a), Digest(0x7b));

    public static HandOverToken TokenOf(Manifest manifest)
        => new(This, Container, At, HandOverSignature.Root(manifest), DestinationKey, SourceKey, [1]);

    public static SourceSurvey Survey() => new(
        new ContainerSpec(Container, "sha256:00", ["/bin/true"], [], "/", 0, 0, new ContainerNetwork("10.0.0.9", 24, "02:00:00:00:00:09", "", 1500), new ContainerLimits(0, 0, 0), [], 15),
        1 << 20, 0, 0, 1, [], new Platform("x86_64", [], "6.18", "4.2", "write-protect"));

    public static AttemptEvent.Received Got(IAttemptMessage message) => new(message);

    public static AttemptEvent.CallDone Done(AttemptCall call) => new(call);

    public static AttemptEvent.CallFailed Failed(AttemptCall call, MigrationFailure failure = MigrationFailure.StreamBroken) => new(call, failure, "it failed");

    public static AttemptEvent.Journaled Journaled(JournalEntry entry) => new(entry);

    public static AttemptEvent.JournalFailed Failed(JournalEntry entry) => new(entry, "the disk is full");

    /// <summary>With the serial that the walk has set it with last.</summary>
    public static AttemptEvent.TimerFired Fired(AttemptTimer timer) => new(timer, StepTable<object>.AsSet);

    /// <summary>Of the moment, so that a table shows which round of quotes a nonce is of.</summary>
    public static byte[] NonceAt(DateTimeOffset now) => Digest((byte)(0x10 + (((int)(now - Start).TotalSeconds + 64) % 64)));

    private static Guid IncarnationOf(byte last) => new(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last);
}
