using System.Globalization;
using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;
using static ActorMigration.Host.Linux.Interop.LazyFault;
using static ActorMigration.Host.Linux.Interop.Spawn;

namespace ActorMigration.Host.Linux.Pager;

/// <summary>
/// <c>amig keeper WORK STORE IMAGES CGROUP FREEZER</c>, a hidden command. Holds a duplicate of every restore userfaultfd, so that
/// on the pager's death faults block instead of being answered with zero pages, and then finishes the fill itself: same code,
/// from the store's files and the pager's event log.
/// </summary>
internal sealed class KeeperProcess : IDisposable
{
    /// <summary>For the pager to come, above <see cref="PagerClient"/>'s own deadline: without it the death of a daemon between the two starts leaves a keeper for ever.</summary>
    private const int PagerStartMilliseconds = 60_000;

    private readonly string _store;
    private readonly string _images;
    private readonly Freezer _freezer;
    private readonly TimeProvider _time;
    private readonly Dictionary<int, SafeFileHandle> _held = [];
    private SafeFileHandle? _pager;
    private SafeFileHandle? _twin;
    private EventLog? _log;
    private bool _done;

    private KeeperProcess(string store, string images, string freezer, TimeProvider time)
    {
        _store = store;
        _images = images;
        _freezer = new Freezer(freezer);
        _time = time;
    }

    /// <summary>Exit code 0: the pager has finished, or this process did.</summary>
    internal static int Run(string work, string store, string images, string cgroup, string freezer, TimeProvider time)
    {
        PagerProcess.Protect(cgroup);
        Directory.SetCurrentDirectory(work);
        PagerWarmUp.Run(store);
        using var keeper = new KeeperProcess(store, images, freezer, time);
        keeper.Keep();
        if (!keeper._done)
        {
            keeper.TakeOver();
        }

        keeper.EndTwin();
        return 0;
    }

    public void Dispose()
    {
        foreach (var held in _held.Values)
        {
            held.Dispose();
        }

        _pager?.Dispose();
        _twin?.Dispose();
        _log?.Dispose();
    }

    /// <summary>Obeys the pager until it has ended. Its end shows on the pidfd only: the twin keeps every socket open.</summary>
    private unsafe void Keep()
    {
        File.Delete(KeeperMessage.SocketName);
        using var listener = new Socket(AddressFamily.Unix, SocketType.Seqpacket, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(KeeperMessage.SocketName));
        listener.Listen(1);
        using var link = AcceptPager(listener);
        File.Delete(KeeperMessage.SocketName);
        var polled = stackalloc poll_fd[2];
        while (true)
        {
            polled[0] = new poll_fd { fd = (int)link.Handle, events = POLLIN };
            polled[1] = new poll_fd { fd = _pager is null ? -1 : (int)_pager.DangerousGetHandle(), events = POLLIN };
            Interop.Spawn.Poll(polled, 2, Timeout.Infinite);
            if (polled[0].revents != 0)
            {
                var bytes = new byte[KeeperMessage.Size];
                var count = link.Receive(bytes);
                if (count == 0)
                {
                    // Only before Hello, or when twin and pager are both gone: the pidfd says it as well.
                    return;
                }

                Obey(KeeperMessage.Parse(bytes.AsSpan(0, count)));
                link.Send(bytes);
            }
            else if (polled[1].revents != 0)
            {
                return;
            }
        }
    }

    private static unsafe Socket AcceptPager(Socket listener)
    {
        var polled = new poll_fd { fd = (int)listener.Handle, events = POLLIN };
        return Interop.Spawn.Poll(&polled, 1, PagerStartMilliseconds) == 1
            ? listener.Accept()
            : throw new InvalidDataException($"no pager came within {PagerStartMilliseconds} ms: the daemon has ended between the two starts");
    }

    private void Obey(KeeperMessage message)
    {
        switch (message.Order)
        {
            case KeeperOrder.Hello:
                _pager = Pidfd(message.First);
                _twin = Pidfd(message.Second);
                _log = EventLog.Open(Take(_twin, message.Third));
                break;
            case KeeperOrder.Hold:
                Release(message.First);
                // From the twin, which has the same table and may outlive the pager that sent this.
                _held[message.First] = Take(_twin!, message.First);
                break;
            case KeeperOrder.Drop:
                Release(message.First);
                break;
            case KeeperOrder.Done:
                foreach (var number in _held.Keys.ToArray())
                {
                    Release(number);
                }

                _done = true;
                break;
            default:
                throw new InvalidDataException($"the pager sent order {(int)message.Order}");
        }
    }

    /// <summary>
    /// The pager is dead. Freezing is a courtesy to the operator's eye and to the program's clocks, no condition: whoever misses a
    /// page is blocked already. At the gate nothing is frozen, since CRIU still holds its tasks.
    /// </summary>
    private void TakeOver()
    {
        if (_log is null)
        {
            throw new InvalidDataException("the pager ended before it had said hello: the restore has nobody to bring its memory");
        }

        var phase = _log.Phase;
        if (phase == PagerPhase.Filling)
        {
            _freezer.Freeze();
        }

        var history = _log.Replay();
        using var log = EventLog.Create();
        log.Phase = phase;
        using (var engine = new FillEngine(_store, _images, log, afterAnother: true))
        {
            // Descriptors that the pager had no time to hand over, from a fork that it was killed over, are in the twin.
            engine.Replay(history, number => _held.Remove(number, out var held) ? held : Take(_twin!, number));
            EndTwin();
            using var server = new PagerServer(engine, keeper: null, restore: null, _time);
            server.Run();
        }

        _freezer.Thaw();
    }

    private void EndTwin()
    {
        if (_twin is not null && PidfdKill(_twin) != 0)
        {
            var failure = LinuxException.FromLastError("pidfd_send_signal", "the pager's twin");
            if (failure.Errno != Interop.Errno.ESRCH)
            {
                throw failure;
            }

            // ESRCH: it has ended with its pager, in the right order.
        }
    }

    private void Release(int number)
    {
        if (_held.Remove(number, out var held))
        {
            held.Dispose();
        }
    }

    private static SafeFileHandle Pidfd(int pid)
    {
        var pidfd = PidfdOpen(pid);
        return pidfd >= 0
            ? new SafeFileHandle(pidfd, ownsHandle: true)
            : throw LinuxException.FromLastError("pidfd_open", pid.ToString(CultureInfo.InvariantCulture));
    }

    private static SafeFileHandle Take(SafeFileHandle process, int number)
    {
        var taken = PidfdGetfd(process, number);
        return taken.IsInvalid ? throw LinuxException.FromLastError("pidfd_getfd", $"descriptor {number} of the pager") : taken;
    }
}
