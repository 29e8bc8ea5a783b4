using ActorMigration.Actors.Trust;
using ActorMigration.Contracts;
using Akka.Actor;
using Akka.Event;

namespace ActorMigration.Actors;

/// <summary>
/// Examines the host it is on when a console asks: kernel and tools through <see cref="IHostExamination"/>, the TPM by a quote from the tpm actor. One
/// examination at a time; who asks while one is under way gets its answer. After <see cref="Deadline"/> the askers are told so and the examination is
/// cancelled; a new one begins only when it has ended, so that a host on which something hangs is not loaded with more of it.
///
/// Supervision: restarted by the node; the examination under way is cancelled, and its askers' consoles say that the host did not answer.
/// </summary>
public sealed class DoctorActor : UntypedActor, IWithTimers
{
    /// <summary>Longest examination: the slowest part is a criu dump and restore, about a second; ten times that on a machine that swaps, and the TPM's own deadline.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    /// <summary>Name of the finding that stands for a host, or an examination, without an answer.</summary>
    public const string NoAnswer = "answer";

    private readonly HostName _self;
    private readonly IHostExamination _examination;
    private readonly AttestationServices _attestation;
    private readonly TimeProvider _clock;
    private readonly TimeSpan _deadline;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly List<IActorRef> _askers = [];
    private CancellationTokenSource? _running;

    public DoctorActor(HostName self, IHostExamination examination, AttestationServices attestation, TimeProvider clock, TimeSpan deadline)
    {
        _self = self;
        _examination = examination;
        _attestation = attestation;
        _clock = clock;
        _deadline = deadline;
    }

    public ITimerScheduler Timers { get; set; } = null!;

    /// <param name="self">This host.</param>
    /// <param name="examination">Kernel and tools.</param>
    /// <param name="attestation">The tpm actor, and by what its quote is judged: as another host with the same policy would.</param>
    /// <param name="clock">Time.</param>
    /// <param name="deadline">Longest wait of an asker; <see cref="Deadline"/> but in tests.</param>
    public static Props Props(HostName self, IHostExamination examination, AttestationServices attestation, TimeProvider clock, TimeSpan deadline)
        => Akka.Actor.Props.Create(() => new DoctorActor(self, examination, attestation, clock, deadline));

    protected override void PostStop() => _running?.Cancel();

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case ExamineHost:
                Accept(Sender);
                break;
            case Ended ended:
                End(ended);
                break;
            case DeadlinePassed:
                _running?.Cancel();
                Answer([new DoctorFinding(NoAnswer, DoctorVerdict.Missing, $"the examination did not end within {_deadline.TotalSeconds:0.#} s; something on this host hangs")]);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Accept(IActorRef asker)
    {
        _askers.Add(asker);
        if (_askers.Count == 1)
        {
            Timers.StartSingleTimer(nameof(DeadlinePassed), DeadlinePassed.Instance, _deadline);
        }

        if (_running is null)
        {
            Start();
        }
    }

    private void Start()
    {
        var running = new CancellationTokenSource();
        _running = running;
        Task.Run(() => ExamineAsync(running.Token)).PipeTo(Self, Self, findings => new Ended(running, findings, null), failure => new Ended(running, [], failure));
    }

    private async Task<DoctorFinding[]> ExamineAsync(CancellationToken cancel)
        => [.. await _examination.ExamineAsync(cancel).ConfigureAwait(false), await TpmExamination.ExamineAsync(_self, _attestation, _clock, cancel).ConfigureAwait(false)];

    private void End(Ended ended)
    {
        if (ended.Examination != _running)
        {
            // Of this actor before a restart.
            return;
        }

        var cancelled = _running.IsCancellationRequested;
        _running.Dispose();
        _running = null;
        if (!cancelled)
        {
            if (ended.Failure is { } failure)
            {
                _log.Error(failure, "The examination of this host broke off");
            }

            Answer(ended.Failure is null
                ? ended.Findings
                : [new DoctorFinding(NoAnswer, DoctorVerdict.Missing, $"the examination broke off, see this host's log: {ended.Failure.GetBaseException().Message}")]);
        }
        else if (_askers.Count > 0)
        {
            // They came after the deadline of the one that hung; their own deadline runs.
            Start();
        }
    }

    private void Answer(DoctorFinding[] findings)
    {
        Timers.Cancel(nameof(DeadlinePassed));
        var answer = new HostExamined(_self, findings);
        foreach (var asker in _askers)
        {
            asker.Tell(answer);
        }

        _askers.Clear();
    }

    /// <summary>Self-message: an examination ended.</summary>
    private sealed record Ended(CancellationTokenSource Examination, DoctorFinding[] Findings, Exception? Failure) : INoSerializationVerificationNeeded;

    /// <summary>Self-message: the askers have waited long enough.</summary>
    private sealed record DeadlinePassed : INoSerializationVerificationNeeded
    {
        public static DeadlinePassed Instance { get; } = new();
    }
}
