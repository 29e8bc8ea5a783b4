using System.Net.Sockets;
using System.Text;
using ActorMigration.Host.Linux.Processes;

namespace ActorMigration.Host.Linux.Pager;

/// <summary>Where the pager of an attempt works.</summary>
/// <param name="Program">The amig executable.</param>
/// <param name="Work">Work directory of the restore (<c>runc restore --work-path</c>): CRIU connects to its lazy-pages.socket.</param>
/// <param name="Store">Directory of the page store; sealed before the restore starts.</param>
/// <param name="Images">Directory of the skeleton; complete before the restore starts.</param>
/// <param name="HelperCgroup">Cgroup directory that both helpers move to, outside daemon and container; empty for none.</param>
/// <param name="ContainerFreezer">Cgroup directory of the container with a freezer, for the keeper; may not exist yet; empty for none.</param>
public sealed record PagerOptions(string Program, string Work, string Store, string Images, string HelperCgroup, string ContainerFreezer);

/// <summary>
/// The daemon's handle on a pager and its keeper, which live on without it. Order: <see cref="StartAsync"/> before the freeze;
/// restore; <see cref="WaitArmedAsync"/> before DEST is proposed; <see cref="FillAsync"/> once the container may run;
/// <see cref="WaitFilledAsync"/>. After a restart of the daemon, <see cref="Attach"/> and go on.
/// </summary>
public sealed class PagerClient
{
    /// <summary>Bytes of the longest status line.</summary>
    private const int MaxLine = 4096;

    private const string IdentitiesFile = "pager.pids";

    /// <summary>Until a lost connection is tried anew: the keeper needs some 10 ms to take over.</summary>
    private static readonly TimeSpan ReconnectAfter = TimeSpan.FromMilliseconds(10);

    /// <summary>For both helpers to be ready: two starts of the runtime on a loaded host.</summary>
    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(20);

    /// <summary>Between two looks at whether a silent helper still lives.</summary>
    private static readonly TimeSpan LivenessInterval = TimeSpan.FromSeconds(1);

    private readonly string _work;
    private readonly string _containerFreezer;
    private readonly ProcessIdentity[] _helpers;
    private readonly TimeProvider _time;

    private PagerClient(string work, string containerFreezer, ProcessIdentity[] helpers, TimeProvider time)
    {
        _work = work;
        _containerFreezer = containerFreezer;
        _helpers = helpers;
        _time = time;
    }

    /// <summary>Starts keeper and pager; both are ready when this returns.</summary>
    public static async Task<PagerClient> StartAsync(PagerOptions options, TimeProvider time, CancellationToken cancel)
    {
        Directory.CreateDirectory(options.Work);
        var keeper = ToolProcess.StartDetached(new ToolCommand(options.Program, "keeper", options.Work, options.Store, options.Images, options.HelperCgroup, options.ContainerFreezer)
        {
            OutputFile = Path.Combine(options.Work, "keeper.log"),
        });
        var identities = Path.Combine(options.Work, IdentitiesFile);
        HelperIdentities.Write(identities, keeper.Identity);
        using var deadline = new CancellationTokenSource(StartDeadline, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancel);
        DetachedProcess? pager = null;
        try
        {
            await UntilReady(keeper, Path.Combine(options.Work, KeeperMessage.SocketName), Path.Combine(options.Work, "keeper.log"), time, either.Token);
            pager = ToolProcess.StartDetached(new ToolCommand(options.Program, "pager", options.Work, options.Store, options.Images, options.HelperCgroup)
            {
                OutputFile = Path.Combine(options.Work, "pager.log"),
            });
            ProcessIdentity[] helpers = [pager.Identity, keeper.Identity];
            HelperIdentities.Write(identities, helpers);
            await UntilReady(pager, Path.Combine(options.Work, PagerServer.StatusFile), Path.Combine(options.Work, "pager.log"), time, either.Token);
            return new PagerClient(options.Work, options.ContainerFreezer, helpers, time);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            pager?.KillTree();
            keeper.KillTree();
            throw new PagerException(PagerFailure.NotStarted, $"the pager in {options.Work} was not ready within {StartDeadline.TotalSeconds:0} s; its log is pager.log there");
        }
        catch
        {
            // Nothing has been handed to either yet. A pager that has met its keeper would go on without it, and nobody would know of it; its twin is its child.
            pager?.KillTree();
            keeper.KillTree();
            throw;
        }
    }

    /// <summary>Finds the helpers that an earlier daemon started in this boot; null when it had not come so far.</summary>
    /// <param name="work">As in <see cref="PagerOptions"/>.</param>
    /// <param name="containerFreezer">As in <see cref="PagerOptions"/>.</param>
    /// <param name="time">For the waits.</param>
    public static PagerClient? Attach(string work, string containerFreezer, TimeProvider time)
        => HelperIdentities.Read(Path.Combine(work, IdentitiesFile)) is { } helpers ? new PagerClient(work, containerFreezer, helpers, time) : null;

    /// <summary>Waits until CRIU has handed over all processes, and checks that it is so many and that the keeper holds each.</summary>
    public async Task<PagerStatus> WaitArmedAsync(int processes, CancellationToken cancel)
    {
        var status = await WaitAsync(current => current.Phase >= PagerPhase.Armed || current.ByKeeper, cancel);
        return status.Processes == processes && status.Held == processes && status.KeeperAlive
            ? status
            : throw new PagerException(PagerFailure.NotArmed, $"the restore handed over {status.Processes} processes, {processes} are expected and {status.Held} are held by the keeper");
    }

    /// <summary>Lets the fill begin; the container may run from now on.</summary>
    public Task FillAsync(CancellationToken cancel) => WaitAsync(current => current.Phase >= PagerPhase.Filling, cancel, order: "fill\n");

    /// <summary>Waits until nothing is missing; the status is the report.</summary>
    public Task<PagerStatus> WaitFilledAsync(CancellationToken cancel) => WaitAsync(current => current.Phase == PagerPhase.Filled, cancel);

    /// <summary>The status now.</summary>
    public Task<PagerStatus> StatusAsync(CancellationToken cancel) => WaitAsync(_ => true, cancel);

    /// <summary>
    /// Ends both helpers, and the twin that they leave when they are killed, once no restored process lives; before the restore at once. No error when they have
    /// ended already.
    /// </summary>
    /// <exception cref="PagerException"><see cref="PagerFailure.StillNeeded"/>: both have been killed and a process of the container lives.</exception>
    public async Task EndAsync(CancellationToken cancel)
    {
        await EndKeeperWithoutPagerAsync(cancel);
        try
        {
            // A pager that failed (the restore was cut off before it had handed over all) ends on this order like any other.
            await WaitAsync(current => current.Phase == PagerPhase.Filled, cancel, order: "end\n", acceptsFailure: true);
        }
        catch (PagerException lost) when (lost.Failure == PagerFailure.Lost)
        {
            EndTwin();
        }
    }

    /// <summary>
    /// The daemon that started them died between the two starts: the keeper would wait for its pager for a minute, and whoever ends the attempt with it. It holds nothing. A
    /// pager that comes after all, as it was not noted yet, finds no keeper and ends.
    /// </summary>
    private async Task EndKeeperWithoutPagerAsync(CancellationToken cancel)
    {
        if (_helpers is [{ IsAlive: true } keeper])
        {
            using var pager = await TryConnectAsync(cancel);
            if (pager is null)
            {
                Signals.Send(keeper.Pid, Signals.SIGKILL);
            }
        }
    }

    private bool IsAnyAlive => _helpers.Any(helper => helper.IsAlive);

    /// <summary>Follows the status until it is reached; an order is given on every new connection, since its first taker may have died over it.</summary>
    private async Task<PagerStatus> WaitAsync(Func<PagerStatus, bool> isReached, CancellationToken cancel, string? order = null, bool acceptsFailure = false)
    {
        while (true)
        {
            using var socket = await ConnectAsync(cancel);
            if (socket is null)
            {
                // Both have ended. Whether in the right way, their last word says.
                return LastWord() is { Phase: PagerPhase.Filled } last ? last : throw Lost();
            }

            if (order is not null && !await TrySendAsync(socket, order, cancel))
            {
                continue;
            }

            using var reader = new StreamReader(new NetworkStream(socket), Encoding.UTF8, false, MaxLine);
            while (await NextLineAsync(reader, cancel) is { } line)
            {
                var status = PagerStatus.FromJson(line);
                if (status.Phase == PagerPhase.Failed && !acceptsFailure)
                {
                    throw new PagerException(PagerFailure.CannotBring, $"the pager in {_work} cannot go on: {status.Failure}");
                }

                if (isReached(status))
                {
                    return status;
                }
            }
        }
    }

    private async Task<Socket?> ConnectAsync(CancellationToken cancel)
    {
        while (true)
        {
            if (!IsAnyAlive)
            {
                return null;
            }

            if (await TryConnectAsync(cancel) is { } socket)
            {
                return socket;
            }

            // Nobody listens just now: the keeper is taking over.
            await Task.Delay(ReconnectAfter, _time, cancel);
        }
    }

    /// <summary>Null when nobody listens.</summary>
    private async Task<Socket?> TryConnectAsync(CancellationToken cancel)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            // By a descriptor of the directory, since a Unix address holds 107 characters only.
            using var directory = Interop.Open(_work, Interop.O_PATH | Interop.O_DIRECTORY | Interop.O_CLOEXEC);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint($"/proc/self/fd/{directory.DangerousGetHandle()}/{ControlSocket.Name}"), cancel);
            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            return null;
        }
    }

    /// <summary>False when whoever took the connection has ended since.</summary>
    private static async Task<bool> TrySendAsync(Socket socket, string order, CancellationToken cancel)
    {
        try
        {
            await socket.SendAsync(Encoding.ASCII.GetBytes(order), cancel);
            return true;
        }
        catch (SocketException)
        {
            // EPIPE or ECONNRESET: a pager whose last process is dead ends at any moment, between our connection and our order as well.
            return false;
        }
    }

    private async Task<string?> NextLineAsync(StreamReader reader, CancellationToken cancel)
    {
        try
        {
            var line = reader.ReadLineAsync(cancel).AsTask();
            while (await Task.WhenAny(line, Task.Delay(LivenessInterval, _time, cancel)) != line)
            {
                // With both helpers dead the pager's twin may still keep this connection open.
                cancel.ThrowIfCancellationRequested();
                if (!IsAnyAlive)
                {
                    return null;
                }
            }

            return await line;
        }
        catch (IOException)
        {
            // Reset by its death: as good as the end.
            return null;
        }
    }

    private PagerStatus? LastWord()
    {
        var path = Path.Combine(_work, PagerServer.StatusFile);
        return File.Exists(path) ? PagerStatus.FromJson(File.ReadAllText(path)) : null;
    }

    /// <summary>The last holder of the descriptors: closing them lets whoever misses a page read zeros, so nobody may be left to do so.</summary>
    private void EndTwin()
    {
        if (HelperIdentities.Read(Path.Combine(_work, TableTwin.FileName)) is not [{ IsAlive: true } twin])
        {
            return;
        }

        var procs = Path.Combine(_containerFreezer, "cgroup.procs");
        if (_containerFreezer.Length > 0 && File.Exists(procs) && File.ReadLines(procs).Any())
        {
            throw new PagerException(
                PagerFailure.StillNeeded, $"pager and keeper in {_work} were killed, and processes of the container wait for pages that nobody can bring any more: remove the container");
        }

        Signals.Send(twin.Pid, Signals.SIGKILL);
    }

    private PagerException Lost() => new(PagerFailure.Lost, $"pager and keeper in {_work} are both gone; their logs are pager.log and keeper.log there");

    private static async Task UntilReady(DetachedProcess helper, string file, string log, TimeProvider time, CancellationToken cancel)
    {
        while (!File.Exists(file))
        {
            if (helper.Exited.IsCompleted)
            {
                throw new PagerException(PagerFailure.NotStarted, $"a helper ended with {await helper.Exited}: {(File.Exists(log) ? (await File.ReadAllTextAsync(log, cancel)).Trim() : "no log")}");
            }

            await Task.Delay(ReconnectAfter, time, cancel);
        }
    }
}
