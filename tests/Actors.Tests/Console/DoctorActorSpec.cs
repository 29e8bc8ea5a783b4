using ActorMigration.Actors.Tests.Migrations;
using ActorMigration.Actors.Trust;
using ActorMigration.Contracts;
using Akka.Actor;
using Akka.TestKit.Xunit2;

namespace ActorMigration.Actors.Tests.Console;

public sealed class DoctorActorSpec : TestKit
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly HostName Self = new("a");

    private readonly ScriptedExamination _examination = new();
    private readonly SoftwareQuotes _quotes = new();

    public DoctorActorSpec()
        : base("akka.loglevel = OFF")
    {
    }

    [Fact]
    public async Task The_findings_of_the_host_are_followed_by_a_quote_that_was_verified()
    {
        _examination.Finish([Finding("kernel")]);

        var examined = await AskAsync(Doctor());

        Assert.Equal(Self, examined.Host);
        Assert.Equal(["kernel", "tpm"], examined.Findings.Select(one => one.Name));
        Assert.Equal(DoctorVerdict.Degraded, examined.Findings[1].Verdict);
        // The certificate of the test's authority lives for an hour.
        Assert.Matches(@"^software TPM, firmware 0{15}1, quoted PCR 7 of the SHA-256 bank in \d+ ms and signed by the key of its certificate, which expires 20\d\d-\d\d-\d\d: enrol this host anew before$", examined.Findings[1].Sentence);
    }

    [Fact]
    public async Task A_certificate_with_time_left_is_ok()
    {
        _examination.Finish([]);

        var tpm = Assert.Single((await AskAsync(Doctor(quotes: new SoftwareQuotes(TimeSpan.FromDays(400))))).Findings);

        Assert.True(tpm.Verdict == DoctorVerdict.Ok, tpm.Sentence);
    }

    [Fact]
    public async Task A_PCR_that_the_policy_does_not_allow_is_missing_with_its_rule()
    {
        _examination.Finish([]);

        var tpm = Assert.Single((await AskAsync(Doctor(pcr7: 1))).Findings);

        Assert.Equal(DoctorVerdict.Missing, tpm.Verdict);
        Assert.Contains("PcrValueNotAllowed", tpm.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_quote_of_another_challenge_is_missing()
    {
        _examination.Finish([]);
        var real = Sys.ActorOf(_quotes.Tpm(Self, () => 0));
        var replaying = Sys.ActorOf(Props.Create(() => new Replaying(real)));

        var tpm = Assert.Single((await AskAsync(Doctor(replaying))).Findings);

        Assert.Equal(DoctorVerdict.Missing, tpm.Verdict);
        Assert.Contains("WrongBinding", tpm.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tpm_that_does_not_answer_is_missing_with_the_reason()
    {
        _examination.Finish([]);
        var tpm = Sys.ActorOf(Props.Create(() => new Refusing("the TPM of this host is not available: no such device")));

        var finding = Assert.Single((await AskAsync(Doctor(tpm))).Findings);

        Assert.Equal(new DoctorFinding("tpm", DoctorVerdict.Missing, "the TPM of this host is not available: no such device: check amig.tpm, and the device or swtpm behind it"), finding);
    }

    [Fact]
    public async Task Who_asks_while_one_is_under_way_gets_its_answer_and_who_asks_later_a_new_one()
    {
        var doctor = Doctor();
        var first = AskAsync(doctor);
        var second = AskAsync(doctor);
        await _examination.BegunAsync();
        await RoundTripAsync(doctor);
        _examination.Finish([Finding("kernel")]);

        Assert.Same((await first).Findings, (await second).Findings);
        Assert.Equal(1, _examination.Begun);

        await AskAsync(doctor);
        Assert.Equal(2, _examination.Begun);
    }

    [Fact]
    public async Task An_examination_that_hangs_is_cancelled_and_the_next_begins_only_when_it_has_ended()
    {
        var doctor = Doctor(deadline: TimeSpan.FromSeconds(1.5));

        var finding = Assert.Single((await AskAsync(doctor)).Findings);

        Assert.Equal(("answer", DoctorVerdict.Missing, "the examination did not end within 1.5 s; something on this host hangs"), (finding.Name, finding.Verdict, finding.Sentence));
        Assert.True(_examination.IsCancelled);

        // It hangs on: who asks now waits until it has ended.
        var later = AskAsync(doctor);
        await RoundTripAsync(doctor);
        Assert.Equal(1, _examination.Begun);
        _examination.Finish([Finding("kernel")]);
        Assert.Equal("kernel", (await later).Findings[0].Name);
        Assert.Equal(2, _examination.Begun);
    }

    [Fact]
    public async Task A_defect_of_the_examination_is_a_finding_and_the_doctor_lives_on()
    {
        var doctor = Doctor();
        _examination.Fail(new InvalidOperationException("no sense"));

        var finding = Assert.Single((await AskAsync(doctor)).Findings);
        Assert.Equal(("answer", DoctorVerdict.Missing), (finding.Name, finding.Verdict));
        Assert.Contains("no sense", finding.Sentence, StringComparison.Ordinal);

        _examination.Finish([Finding("kernel")]);
        Assert.Equal("kernel", (await AskAsync(doctor)).Findings[0].Name);
    }

    private static DoctorFinding Finding(string name) => new(name, DoctorVerdict.Ok, "it works");

    private static Task<HostExamined> AskAsync(IActorRef doctor) => doctor.Ask<HostExamined>(new ExamineHost(), Patience);

    /// <summary>After this everything that was sent to the actor before has been looked at.</summary>
    private static Task<ActorIdentity> RoundTripAsync(IActorRef actor) => actor.Ask<ActorIdentity>(new Identify(null), Patience);

    private IActorRef Doctor(IActorRef? tpm = null, byte pcr7 = 0, TimeSpan? deadline = null, SoftwareQuotes? quotes = null)
    {
        var from = quotes ?? _quotes;
        var services = new AttestationServices(tpm ?? Sys.ActorOf(from.Tpm(Self, () => pcr7)), () => from.Policy, from.Anchors, ClusterTrust.None);
        return Sys.ActorOf(DoctorActor.Props(Self, _examination, services, TimeProvider.System, deadline ?? Patience));
    }

    private sealed class Refusing : ReceiveActor
    {
        public Refusing(string reason) => Receive<TpmCommands.Quote>(_ => Sender.Tell(new TpmReplies.NotAttestable(reason)));
    }

    /// <summary>Has something else quoted than it was asked for.</summary>
    private sealed class Replaying : ReceiveActor
    {
        public Replaying(IActorRef tpm) => Receive<TpmCommands.Quote>(_ => tpm.Forward(new TpmCommands.Quote(new byte[32])));
    }

    /// <summary>Ends each examination as the test says, and not before; ignores cancellation but for noting it.</summary>
    private sealed class ScriptedExamination : IHostExamination
    {
        private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private TaskCompletionSource<IReadOnlyList<DoctorFinding>> _end = NewEnd();
        private CancellationToken _last;
        private int _count;

        public int Begun => Volatile.Read(ref _count);

        public bool IsCancelled => _last.IsCancellationRequested;

        public void Finish(DoctorFinding[] findings)
        {
            if (!_end.TrySetResult(findings))
            {
                _end = NewEnd();
                _end.SetResult(findings);
            }
        }

        public void Fail(Exception failure) => _end.SetException(failure);

        public Task BegunAsync() => _begun.Task.WaitAsync(Patience);

        public Task<IReadOnlyList<DoctorFinding>> ExamineAsync(CancellationToken cancel)
        {
            _last = cancel;
            Interlocked.Increment(ref _count);
            _begun.TrySetResult();
            return _end.Task;
        }

        private static TaskCompletionSource<IReadOnlyList<DoctorFinding>> NewEnd() => new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
