using System.Runtime.InteropServices;
using ActorMigration.Contracts.Memory;

namespace ActorMigration.Host.Linux.Tracking;

/// <summary>
/// The source's memory plane: rounds over all processes of one running container, then the harvest under the freeze. Used by
/// one thread at a time, from prepare until the skeleton dump. Nothing of it is in the container: when the daemon dies, the
/// kernel ends the tracking and the container runs on.
///
/// A round that throws (the sink failed, or it was cancelled) leaves pages protected that were not sent: after it only
/// <see cref="Dispose"/> or <see cref="ReleaseAsync"/> is allowed. A harvest that throws leaves all as it was.
/// </summary>
public sealed unsafe class ContainerTracker : IDisposable
{
    private readonly IContainerProcesses _container;
    private readonly TimeProvider _time;
    private readonly TrackingSupport _support;
    private readonly RemoteMemory _memory;
    private readonly Dictionary<int, TrackedProcess> _processes = [];
    private readonly Dictionary<int, int> _generations = [];
    private readonly ProcText _text = new();
    private readonly IPageFinder _finder;
    private readonly byte* _buffer = (byte*)NativeMemory.AlignedAlloc(IPageSink.MaxRunBytes, PageSize.Bytes);
    private int _lastRound = -1;
    private bool _broken;
    private bool _released;
    private int _disposed;

    /// <summary>Attaches nothing yet. Without <see cref="TrackingSupport.IsSupported"/> only <see cref="HarvestFrozen"/> sends anything: one copy under the freeze.</summary>
    public ContainerTracker(IContainerProcesses container, TimeProvider time, TrackingSupport support)
        : this(container, time, support, new RemoteMemory())
    {
    }

    internal ContainerTracker(IContainerProcesses container, TimeProvider time, TrackingSupport support, RemoteMemory memory)
    {
        _container = container;
        _time = time;
        _support = support;
        _memory = memory;
        _finder = support.HasPagemapScan ? new PageScanner(support.KnowsGuardPages) : new PagemapEntries();
    }

    /// <summary>
    /// Sends what was written since the last round; in the first round of a process all its pages. Rounds count upwards, up to
    /// <see cref="FinalIndex.MaxRound"/>. Throws <see cref="AttachException"/> for a process that CRIU would refuse as well
    /// (traced, or keeping our descriptor); other processes without tracking are in <see cref="RoundResult.Unattached"/>.
    /// </summary>
    public RoundResult RunRound(int round, IPageSink sink, CancellationToken cancellation)
    {
        BeginRound(round);
        if (_finder is not PageScanner scanner || !_support.IsSupported)
        {
            throw new NotSupportedException($"rounds need tracking: {_support.WhyNot}");
        }

        _broken = true;
        var tally = new Tally();
        var copier = new PageCopier(_memory, _buffer, sink, round, _time, cancellation);
        Update(sink, tally);
        foreach (var process in _processes.Values.ToArray())
        {
            cancellation.ThrowIfCancellationRequested();
            RunRound(process, scanner, copier, sink, tally);
        }

        _broken = false;
        _lastRound = round;
        return tally.Result(round, copier, _processes.Values);
    }

    /// <summary>
    /// The last pass, while all processes of the container are frozen: sends what is missing and says of every page that is to
    /// exist at the destination in which round it was sent last. Throws <see cref="SharedAddressSpaceException"/> (thaw and try
    /// again when it says so) and <see cref="PagesOwedException"/> (abort). Works without any round before it. <paramref name="settled"/> gets the pid of each process
    /// whose borders of mappings stay as they are from then on.
    /// </summary>
    public FinalIndex HarvestFrozen(int round, IPageSink sink, Action<int>? settled = null)
    {
        BeginRound(round);
        var pids = _container.Pids().Where(pid => ProcTask.LiveThread(pid) is not null).ToArray();
        if (AddressSpaces.FindShared(pids) is { } shared)
        {
            throw new SharedAddressSpaceException(shared.First, shared.Second, AddressSpaces.IsInVfork(shared.First) || AddressSpaces.IsInVfork(shared.Second));
        }

        _lastRound = round;
        Update(sink, attach: null);
        var copier = new PageCopier(_memory, _buffer, sink, round, _time, CancellationToken.None);
        var all = new List<ProcessPages>();
        foreach (var process in _processes.Values.ToArray())
        {
            all.Add(Harvest(process, copier, sink, settled));
        }

        return new FinalIndex(all);
    }

    /// <summary>
    /// Ends the tracking: about 31 ms per GiB, in which the address space is locked, and next to nothing when the processes are gone. So the caller waits for the
    /// verdict (CRIU minds only descriptors that a task of the container holds, and ours are not there).
    /// </summary>
    public Task ReleaseAsync()
    {
        _released = true;
        return Task.Run(Dispose);
    }

    public void Dispose()
    {
        _released = true;
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        foreach (var process in _processes.Values)
        {
            process.Dispose();
        }

        _processes.Clear();
        _finder.Dispose();
        NativeMemory.AlignedFree(_buffer);
    }

    private void BeginRound(int round)
    {
        ObjectDisposedException.ThrowIf(_released, this);
        if (_broken)
        {
            throw new InvalidOperationException("a round before this one did not end: its pages may be missing, so tracking must begin anew");
        }

        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(round, _lastRound);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(round, FinalIndex.MaxRound);
    }

    /// <summary>Brings the set of processes up to date: drops the dead, adds the new, attaches where <paramref name="attach"/> is given.</summary>
    private void Update(IPageSink sink, Tally? attach)
    {
        var live = new Dictionary<int, ulong>();
        foreach (var pid in _container.Pids())
        {
            if (ProcTask.Read($"/proc/{pid}") is { } status && ProcTask.LiveThread(pid) is not null)
            {
                live.Add(pid, status.StartTime);
            }
        }

        foreach (var process in _processes.Values.Where(process => !live.TryGetValue(process.Pid, out var start) || start != process.StartTime).ToArray())
        {
            Drop(process, sink);
        }

        foreach (var (pid, start) in live)
        {
            // One tracker per address space: a vfork child is its parent's until it calls exec.
            if (!_processes.ContainsKey(pid) && !_processes.Keys.Any(other => AddressSpaces.AreSame(pid, other)))
            {
                Add(pid, start);
            }
        }

        if (attach is not null)
        {
            foreach (var process in _processes.Values)
            {
                Attach(process, attach);
            }
        }
    }

    private void RunRound(TrackedProcess process, PageScanner scanner, PageCopier copier, IPageSink sink, Tally tally)
    {
        // An exec moves a process to a new generation, which gets its first round at once. A program that calls exec faster
        // than we attach gets the rest of its rounds later.
        for (var generations = 0; generations < 2; generations++)
        {
            using var view = ProcessView.Open(process.Pid, _text);
            if (view is null)
            {
                Drop(process, sink);
                return;
            }

            var began = _time.GetTimestamp();
            var copied = copier.Elapsed;
            var same = ProcessRound.Run(process, view, scanner, copier, out var untracked);
            tally.Scan += _time.GetElapsedTime(began) - (copier.Elapsed - copied);
            if (same)
            {
                tally.UntrackedPages += untracked;
                return;
            }

            if (Renew(process, sink) is not { } renewed)
            {
                return;
            }

            process = renewed;
            Attach(process, tally);
        }
    }

    private ProcessPages Harvest(TrackedProcess process, PageCopier copier, IPageSink sink, Action<int>? settled)
    {
        for (var current = process; current is not null;)
        {
            using var view = ProcessView.Open(current.Pid, _text);
            if (view is null)
            {
                break;
            }

            if (ProcessHarvest.Run(current, view, _finder, copier, settled) is { } pages)
            {
                return pages;
            }

            // The new generation has no userfaultfd, so its pages are all copied; it cannot come here again.
            current = Renew(current, sink);
        }

        throw new InvalidOperationException($"process {process.Pid} ended during the harvest: the container is not frozen");
    }

    private void Attach(TrackedProcess process, Tally tally)
    {
        if (!process.MayAttach)
        {
            return;
        }

        var began = _time.GetTimestamp();
        try
        {
            (process.Userfault, var stopped) = UserfaultAttach.Take(process.Pid, _container, _time);
            process.Failure = null;
            tally.LongestStop = stopped > tally.LongestStop ? stopped : tally.LongestStop;
        }
        catch (AttachException e) when (e.Failure is not (AttachFailure.Traced or AttachFailure.DescriptorKept))
        {
            process.Failure = e;
        }
        finally
        {
            tally.Attach += _time.GetElapsedTime(began);
        }
    }

    private void Add(int pid, ulong startTime)
    {
        if (ProcTask.PidInContainer(pid) is not { } pidInContainer)
        {
            // It ended since the listing.
            return;
        }

        var generation = _generations.GetValueOrDefault(pidInContainer);
        _generations[pidInContainer] = generation + 1;
        _processes[pid] = new TrackedProcess(new ProcessKey(pidInContainer, generation), pid, startTime);
    }

    /// <summary>The next generation under the same pid, or null when the process ended meanwhile.</summary>
    private TrackedProcess? Renew(TrackedProcess process, IPageSink sink)
    {
        Drop(process, sink);
        Add(process.Pid, process.StartTime);
        return _processes.GetValueOrDefault(process.Pid);
    }

    private void Drop(TrackedProcess process, IPageSink sink)
    {
        _processes.Remove(process.Pid);
        process.Dispose();
        sink.Gone(process.Key);
    }

    /// <summary>Sums of one round.</summary>
    private sealed class Tally
    {
        internal TimeSpan Scan { get; set; }

        internal TimeSpan Attach { get; set; }

        internal TimeSpan LongestStop { get; set; }

        internal long UntrackedPages { get; set; }

        internal RoundResult Result(int round, PageCopier copier, Dictionary<int, TrackedProcess>.ValueCollection processes) => new()
        {
            Round = round,
            Processes = processes.Count,
            ContentPages = copier.ContentPages,
            ZeroPages = copier.ZeroPages,
            UntrackedPages = UntrackedPages,
            OwedRanges = processes.Sum(process => process.Owed.Count),
            Unattached = [.. processes.Select(process => process.Failure).OfType<AttachException>()],
            Scan = Scan,
            Copy = copier.Elapsed,
            Attach = Attach,
            LongestStop = LongestStop,
        };
    }
}
