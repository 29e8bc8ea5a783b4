using ActorMigration.Contracts.Memory;
using static ActorMigration.Host.Linux.Interop.Spawn;

namespace ActorMigration.Host.Linux.Pager;

/// <summary>
/// The loop of a pager, and of the keeper after a pager's death: one thread, one poll. Waiting: takes the restored processes
/// from CRIU. Armed: serves faults. Filling: fills behind them. Ends when nothing is missing. A failure ends nothing: the
/// descriptors stay open, so that whoever misses a page stays blocked until an operator (or a restore from the same files)
/// decides, instead of reading zeros.
/// </summary>
internal sealed unsafe class PagerServer : IDisposable
{
    /// <summary>Milliseconds until a fault that met a changing layout or the container's memory limit is tried again.</summary>
    private const int RetryMilliseconds = 1;

    /// <summary>Between two tries to write the status to a disk that takes nothing.</summary>
    private const int WriteRetryMilliseconds = 100;

    /// <summary>Batches between two status lines while filling: some two a second.</summary>
    private const int StatusEveryBatches = 512;

    internal const string StatusFile = "pager.status.json";

    private readonly FillEngine _engine;
    private readonly TimeProvider _time;
    private readonly KeeperLink? _keeper;
    private readonly RestoreSocket? _restore;
    private readonly ControlSocket _control = new();
    private bool _restoreClosed;
    private bool _end;
    private int _processes;
    private long _fillStarted;
    private string? _failure;
    private bool _isWritten;

    /// <param name="engine">With its spaces, when it takes over.</param>
    /// <param name="keeper">Null in the keeper itself.</param>
    /// <param name="restore">Null once CRIU has handed over.</param>
    /// <param name="time">For how long the fill took.</param>
    internal PagerServer(FillEngine engine, KeeperLink? keeper, RestoreSocket? restore, TimeProvider time)
    {
        _engine = engine;
        _keeper = keeper;
        _restore = restore;
        _time = time;
        _processes = engine.Spaces.Count;
        _fillStarted = time.GetTimestamp();
        if (keeper is not null)
        {
            engine.Hold = keeper.Hold;
            engine.Drop = keeper.Drop;
        }
    }

    internal PagerStatus Status => new(
        Phase,
        _keeper is null,
        Environment.ProcessId,
        _processes,
        _keeper?.Held ?? 0,
        _keeper?.IsAlive ?? false,
        _engine.Counters.Total,
        _engine.Counters.Filled,
        _engine.Counters.Discarded,
        _engine.Counters.Unmapped,
        _engine.Counters.Faults,
        _engine.Counters.ZeroFaults,
        _engine.Counters.Forks,
        Phase >= PagerPhase.Filling ? (long)_time.GetElapsedTime(_fillStarted).TotalMilliseconds : 0,
        _failure);

    private PagerPhase Phase
    {
        get => _engine.Log.Phase;
        set => _engine.Log.Phase = value;
    }

    /// <summary>Runs until the fill is complete, or until an order to end with nobody left.</summary>
    internal void Run()
    {
        Publish();
        while (!IsOver())
        {
            try
            {
                Turn();
            }
            catch (Exception failure) when (failure is IOException or InvalidDataException || (failure is EventLogFullException && _keeper is not { IsAlive: true }))
            {
                // With nobody left to go on from a full log nobody misses a page for it either: whoever needs one waits.
                _failure = failure.Message;
                Phase = PagerPhase.Failed;
                Publish();
            }
        }

        _keeper?.Done();
        Phase = PagerPhase.Filled;
        Publish();
        while (!_isWritten)
        {
            // Whoever asks later, with this process gone, has only the file: without its last word the fill would be taken for lost.
            Poll(WriteRetryMilliseconds);
            _isWritten = TryWrite(Status);
        }
    }

    public void Dispose()
    {
        _control.Dispose();
        _restore?.Dispose();
    }

    private bool IsOver() => (Phase == PagerPhase.Filling && _engine.IsComplete && !_engine.HasWaiting) || (_end && _engine.Spaces.Count == 0);

    private void Turn()
    {
        var filled = false;
        for (var i = 0; i < StatusEveryBatches && Phase == PagerPhase.Filling; i++)
        {
            Poll(0);
            if (IsOver())
            {
                return;
            }

            filled = _engine.FillStep();
            if (!filled)
            {
                break;
            }
        }

        if (!filled)
        {
            var busy = Phase != PagerPhase.Failed && (_engine.HasWaiting || Phase == PagerPhase.Filling);
            Poll(busy ? RetryMilliseconds : _isWritten ? Timeout.Infinite : WriteRetryMilliseconds);
        }
        else
        {
            _control.Broadcast(Status);
        }

        _isWritten = _isWritten || TryWrite(Status);
    }

    private void Poll(int milliseconds)
    {
        var spaces = _engine.Spaces.ToArray();
        var others = _control.Descriptors.ToList();
        if (_restore is not null && !_restoreClosed)
        {
            others.Add(_restore.Descriptor);
        }

        var polled = new poll_fd[others.Count + spaces.Length];
        for (var i = 0; i < polled.Length; i++)
        {
            polled[i] = new poll_fd { fd = i < others.Count ? others[i] : spaces[i - others.Count].Descriptor, events = POLLIN };
        }

        fixed (poll_fd* array = polled)
        {
            // EINTR is a signal for the runtime: as good as a timeout.
            if (Interop.Spawn.Poll(array, (nuint)polled.Length, milliseconds) <= 0 && !_engine.HasWaiting)
            {
                return;
            }
        }

        for (var i = 0; i < spaces.Length && Phase != PagerPhase.Failed; i++)
        {
            if (polled[others.Count + i].revents != 0)
            {
                _engine.ReadEvents(spaces[i]);
            }
        }

        if (Phase != PagerPhase.Failed)
        {
            _engine.RetryWaiting();
        }

        if (_restore is not null && !_restoreClosed && polled[others.Count - 1].revents != 0)
        {
            FromRestore(_restore);
        }

        if (polled.AsSpan(0, others.Count).ToArray().Any(entry => entry.revents != 0))
        {
            foreach (var order in _control.Receive(Status))
            {
                Obey(order);
            }
        }
    }

    private void FromRestore(RestoreSocket restore)
    {
        while (restore.Receive() is { } message)
        {
            switch (message)
            {
                case RestoreMessage.Process process:
                    _engine.Restored(process.ImagePid, process.HostPid, process.Userfault);
                    _processes++;
                    break;
                case RestoreMessage.Finished:
                    Arm();
                    break;
                case RestoreMessage.Closed:
                    _restoreClosed = true;
                    if (Phase == PagerPhase.Waiting)
                    {
                        throw new InvalidDataException("the restore ended before it had handed over all processes");
                    }

                    return;
            }
        }
    }

    /// <summary>
    /// Everything is restored. Before anybody is told: every missing page lies in a mapping that the kernel reports faults of,
    /// and what a fork would leave out is in.
    /// </summary>
    private void Arm()
    {
        foreach (var space in _engine.Spaces.ToArray())
        {
            var mappings = MappingFlags.Read(space.HostPid);
            RequireLazy(space, mappings);

            if (space.Missing.Next(0) is { } first)
            {
                _engine.FillAhead(space, first.Start, first.Start + PageSize.Bytes);
            }

            foreach (var mapping in mappings.Where(mapping => mapping.IsLeftOutOfForks))
            {
                _engine.FillAhead(space, mapping.Start, mapping.End);
            }
        }

        Phase = PagerPhase.Armed;
        Publish();
    }

    /// <summary>Both lists ascend; there may be thousands of each, and this is in the stop.</summary>
    private static void RequireLazy(LazySpace space, List<MappingFlags> mappings)
    {
        var next = 0;
        foreach (var range in space.Missing.All)
        {
            for (var covered = range.Start; covered < range.End; covered = mappings[next].End)
            {
                while (next < mappings.Count && mappings[next].End <= covered)
                {
                    next++;
                }

                if (next == mappings.Count || mappings[next].Start > covered || !mappings[next].IsLazy)
                {
                    throw new InvalidDataException($"process {space.HostPid}: page 0x{covered:x} is to come lazily and its mapping is not registered; the program would read zeros");
                }
            }
        }
    }

    private void Obey(string order)
    {
        switch (order)
        {
            case "fill" when Phase == PagerPhase.Armed:
                Phase = PagerPhase.Filling;
                _fillStarted = _time.GetTimestamp();
                Publish();
                break;
            case "end":
                // Only with nobody left: closing the last descriptor of a living process would give it zero pages.
                _end = true;
                foreach (var space in _engine.Spaces.ToArray())
                {
                    _engine.ForgetIfGone(space);
                }

                break;
        }

        _control.Broadcast(Status);
    }

    private void Publish()
    {
        var status = Status;
        _isWritten = TryWrite(status);
        _control.Broadcast(status);
    }

    /// <summary>A full disk must not end the only process that can bring the container's memory: written when there is room again.</summary>
    private static bool TryWrite(PagerStatus status)
    {
        try
        {
            File.WriteAllText(StatusFile + ".new", status.ToJson());
            File.Move(StatusFile + ".new", StatusFile, overwrite: true);
            return true;
        }
        catch (Exception gone) when (gone is DirectoryNotFoundException or FileNotFoundException)
        {
            // The attempt was cleaned up meanwhile: nobody will ask.
            return true;
        }
        catch (Exception full) when (full is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
