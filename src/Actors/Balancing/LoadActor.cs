using ActorMigration.Contracts;
using Akka.Actor;
using Akka.Event;

namespace ActorMigration.Actors;

/// <summary>
/// Measures the host it is on and tells who asks: a sample every <see cref="LoadSettings.Interval"/>, taken off this actor's thread, one at a time. A sample that fails or hangs leaves the numbers as they are
/// until they are older than <see cref="LoadSettings.ForgetAfter"/>; from then on the answer is that nothing is known, since a host that is planned for by old numbers gets containers that it cannot carry.
///
/// Supervision: restarted by the node, and begins anew; what it knew is lost and known again after two samples.
/// </summary>
public sealed class LoadActor : UntypedActor, IWithTimers
{
    /// <summary>A cause that lasts is logged again after this, for whoever has only the log of today.</summary>
    public static readonly TimeSpan LogAgainAfter = TimeSpan.FromHours(1);

    /// <summary>What keeps containers from leaving is looked at anew after this, while this host is drained.</summary>
    public static readonly TimeSpan LookAgainAfter = TimeSpan.FromSeconds(10);

    /// <summary>Whoever asks waits no longer for that look; what it finds is in the next answer then.</summary>
    public static readonly TimeSpan LookPatience = TimeSpan.FromSeconds(1);

    /// <summary>Characters of all obstacles in one answer: it has to fit into one message with a thousand containers too.</summary>
    private const int MostObstacles = 32 * 1024;

    /// <summary>Causes that are remembered: a message that has a number in it would otherwise be a new one each time.</summary>
    private const int MostCauses = 16;

    private readonly HostName _self;
    private readonly ILoadSource _source;
    private readonly LoadSettings _settings;
    private readonly Func<HostStanding> _standing;
    private readonly Func<ContainerName, double?> _measuredDirty;
    private readonly Func<CancellationToken, Task<ContainerObstacle[]>> _obstacles;
    private readonly TimeProvider _clock;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Dictionary<string, long> _logged = new(StringComparer.Ordinal);
    private LoadAverages _averages = LoadAverages.None;
    private long? _sampledAt;
    private Sampling? _running;
    private string _trouble = "";
    private (long At, Task<ContainerObstacle[]> Found)? _look;
    private ContainerObstacle[] _seen = [];

    public LoadActor(HostName self, ILoadSource source, LoadSettings settings, Func<HostStanding> standing, Func<ContainerName, double?> measuredDirty, Func<CancellationToken, Task<ContainerObstacle[]>> obstacles, TimeProvider clock)
    {
        _self = self;
        _source = source;
        _settings = settings;
        _standing = standing;
        _measuredDirty = measuredDirty;
        _obstacles = obstacles;
        _clock = clock;
    }

    public ITimerScheduler Timers { get; set; } = null!;

    /// <param name="self">This host.</param>
    /// <param name="source">Where the counters come from.</param>
    /// <param name="settings">Times and capacities.</param>
    /// <param name="standing">Whether this host may have more containers; asked at each answer.</param>
    /// <param name="measuredDirty">Bytes per second that the last move of a container measured; asked at each answer.</param>
    /// <param name="obstacles">What keeps containers from being moved (<see cref="IContainerRuntime.ObstaclesAsync"/>); asked while this host does not take containers.</param>
    /// <param name="clock">Time.</param>
    public static Props Props(HostName self, ILoadSource source, LoadSettings settings, Func<HostStanding> standing, Func<ContainerName, double?> measuredDirty, Func<CancellationToken, Task<ContainerObstacle[]>> obstacles, TimeProvider clock)
        => Akka.Actor.Props.Create(() => new LoadActor(self, source, settings, standing, measuredDirty, obstacles, clock));

    protected override void PreStart()
    {
        Sample();
        Timers.StartPeriodicTimer(nameof(SampleDue), SampleDue.Instance, _settings.Interval);
    }

    protected override void PostStop() => _running?.Cancel.Cancel();

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case AskLoad:
                OnAsked(Answer());
                break;
            case LookFailed failed:
                Say("what keeps containers on this host could not be looked at", failed.Cause, "what is named may be old or missing until a later look");
                break;
            case SampleDue:
                Sample();
                break;
            case Sampled sampled when ReferenceEquals(sampled.Sampling, _running):
                Take(sampled);
                break;
            case Sampled:
                // Of this actor before a restart.
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private IWire Answer()
    {
        if (_sampledAt is not { } at)
        {
            return Unknown("it has not been measured yet");
        }

        if (_clock.GetElapsedTime(at) > _settings.ForgetAfter)
        {
            return Unknown($"it has not been measured for {_clock.GetElapsedTime(at).TotalSeconds:0} s");
        }

        var frame = new HostFrame(_self, _standing(), _settings.Labels, _settings.DiskBytesPerSecond, _settings.NetworkBytesPerSecond, _measuredDirty) { Cores = _settings.Cores, MemoryBytes = _settings.MemoryBytes };
        return _averages.Over(_settings.Window, frame) is { } load ? new LoadTold(load) : Unknown("it has not been measured twice yet");
    }

    private void OnAsked(IWire answer)
    {
        if (answer is not LoadTold { Load: { Standing: not HostStanding.Accepts } leaving })
        {
            (_look, _seen) = (null, []);
            Sender.Tell(answer);
            return;
        }

        var (look, seen) = (Look(), _seen);
        look.WaitAsync(LookPatience, _clock).PipeTo(Sender, Self, found => new LoadTold(With(leaving, found)), _ => new LoadTold(With(leaving, seen)));
    }

    /// <summary>One at a time, and off this actor's thread; what the last one found stands for one that fails.</summary>
    private Task<ContainerObstacle[]> Look()
    {
        if (_look is { } last && (!last.Found.IsCompleted || _clock.GetElapsedTime(last.At) < LookAgainAfter))
        {
            return last.Found;
        }

        _seen = _look is { Found.IsCompletedSuccessfully: true } before ? before.Found.Result : _seen;
        var obstacles = _obstacles;
        var look = Task.Run(() => obstacles(CancellationToken.None));
        _look = (_clock.GetTimestamp(), look);
        var self = Self;
        look.ContinueWith(failed => self.Tell(new LookFailed(failed.Exception!.GetBaseException().Message)), CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        return look;
    }

    private static HostLoad With(HostLoad load, ContainerObstacle[] found)
    {
        var (sentences, left) = (new Dictionary<ContainerName, string>(), MostObstacles);
        foreach (var one in found)
        {
            var said = one.Sentence.Length <= ContainerLoad.MostObstacle ? one.Sentence : one.Sentence[..ContainerLoad.MostObstacle];
            left -= said.Length;
            sentences[one.Container] = left >= 0 ? said : "something in it cannot be moved";
        }

        return sentences.Count == 0 ? load : load with { Containers = [.. load.Containers.Select(c => c with { Obstacle = sentences.GetValueOrDefault(c.Name, "") })] };
    }

    private LoadUnknown Unknown(string why) => new(_self, $"the load of host {_self} is not known: {why}{(_trouble.Length > 0 ? $" ({_trouble})" : "")}");

    private void Sample()
    {
        if (_running is { } hanging)
        {
            // Another one beside it would hang as well, and hold another thread.
            if (_clock.GetElapsedTime(hanging.Since) > _settings.ForgetAfter)
            {
                Trouble("a sample of this host's load hangs", $"since {_clock.GetElapsedTime(hanging.Since).TotalSeconds:0} s");
            }

            return;
        }

        var sampling = new Sampling(_clock.GetTimestamp(), new CancellationTokenSource());
        _running = sampling;
        var (source, cancel) = (_source, sampling.Cancel.Token);
        Task.Run(() => source.SampleAsync(cancel)).PipeTo(Self, Self, sample => new Sampled(sampling, sample, null), failure => new Sampled(sampling, null, failure));
    }

    private void Take(Sampled sampled)
    {
        sampled.Sampling.Cancel.Dispose();
        _running = null;
        if (sampled.Sample is not { } sample)
        {
            Trouble("this host's load could not be measured", sampled.Failure!.GetBaseException().Message);
            return;
        }

        _averages = _averages.After(sample);
        _sampledAt = _clock.GetTimestamp();
        _trouble = "";
    }

    private void Trouble(string what, string cause)
    {
        _trouble = $"{what}: {cause}";
        // A hang has a number in its cause that grows.
        Say(what, cause, $"after {_settings.ForgetAfter.TotalSeconds} s it counts as not known, and nothing is planned for this host", _running is null ? _trouble : what);
    }

    /// <summary>Once for each cause; a host that cannot be measured stays so for days, at twelve samples a minute.</summary>
    private void Say(string what, string cause, string consequence, string? key = null)
    {
        key ??= $"{what}: {cause}";
        if (_logged.TryGetValue(key, out var at) ? _clock.GetElapsedTime(at) < LogAgainAfter : _logged.Count >= MostCauses)
        {
            return;
        }

        _logged[key] = _clock.GetTimestamp();
        _log.Warning("{0}: {1}; {2}", what, cause, consequence);
    }

    /// <summary>One call of the source: timestamp of its beginning, and what ends it.</summary>
    private sealed record Sampling(long Since, CancellationTokenSource Cancel);

    /// <summary>Self-message: a sample came, or did not.</summary>
    private sealed record Sampled(Sampling Sampling, LoadSample? Sample, Exception? Failure) : INoSerializationVerificationNeeded;

    /// <summary>Self-message: nobody knows what keeps containers here.</summary>
    private sealed record LookFailed(string Cause) : INoSerializationVerificationNeeded;

    /// <summary>Self-message: time for the next sample.</summary>
    private sealed record SampleDue : INoSerializationVerificationNeeded
    {
        public static SampleDue Instance { get; } = new();
    }
}
