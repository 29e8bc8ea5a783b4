using System.Globalization;
using ActorMigration.Contracts;

namespace ActorMigration.Host.Linux.Store;

/// <summary>An attempt asked for more memory than this host can promise. Nothing was taken.</summary>
public sealed class ReservationRefusedException(AttemptId attempt, long asked, long free)
    : Exception($"attempt {attempt} needs {asked >> 20} MiB for its page store; this host can promise {Math.Max(0, free) >> 20} MiB beside what other attempts reserved and its own reserve")
{
    /// <summary>Bytes that were asked for.</summary>
    public long Asked { get; } = asked;

    /// <summary>Bytes that could have been promised.</summary>
    public long Free { get; } = free;
}

/// <summary>
/// Who was promised how much of this host's memory: every attempt's reservation counts from prepare to its end, whatever it
/// has used so far, so that two attempts cannot both pass a check that only one can fill. One per node; thread-safe.
/// </summary>
public sealed class ReservationLedger
{
    /// <summary>
    /// Bytes that stay free whatever is asked: room for the daemon, the helpers and the growth of the containers that run here
    /// during a long transfer. hocon: amig.store.reserve.
    /// </summary>
    public const long DefaultReserve = 512L << 20;

    private readonly Lock _gate = new();
    private readonly Dictionary<AttemptId, Reservation> _reservations = [];
    private readonly Func<long> _memAvailable;
    private readonly long _reserve;

    /// <summary><paramref name="memAvailable"/> gives the bytes that the kernel could hand out now; see <see cref="MemAvailable"/>.</summary>
    public ReservationLedger(Func<long> memAvailable, long reserve = DefaultReserve)
    {
        _memAvailable = memAvailable;
        _reserve = reserve;
    }

    /// <summary>Bytes that a further attempt could be promised now: what is available, less what is promised and not yet used.</summary>
    public long Free
    {
        get
        {
            lock (_gate)
            {
                return _memAvailable() - _reserve - _reservations.Values.Sum(reservation => reservation.Owed);
            }
        }
    }

    /// <summary>Takes the promise or throws <see cref="ReservationRefusedException"/>. Disposing gives it back.</summary>
    public Reservation Reserve(AttemptId attempt, long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bytes);
        lock (_gate)
        {
            if (_reservations.ContainsKey(attempt))
            {
                throw new InvalidOperationException($"attempt {attempt} has a reservation already");
            }

            var free = Free;
            if (bytes > free)
            {
                throw new ReservationRefusedException(attempt, bytes, free);
            }

            var reservation = new Reservation(attempt, bytes, Release);
            _reservations.Add(attempt, reservation);
            return reservation;
        }
    }

    /// <summary>MemAvailable of /proc/meminfo, in bytes.</summary>
    public static long MemAvailable()
    {
        const string field = "MemAvailable:";
        foreach (var line in File.ReadLines("/proc/meminfo"))
        {
            // MemAvailable:   24090000 kB
            if (line.StartsWith(field, StringComparison.Ordinal))
            {
                var number = line.AsSpan(field.Length).Trim();
                return long.Parse(number[..number.IndexOf(' ')], NumberStyles.None, CultureInfo.InvariantCulture) * 1024;
            }
        }

        throw new InvalidDataException("/proc/meminfo has no MemAvailable (Linux 3.14)");
    }

    private void Release(AttemptId attempt)
    {
        lock (_gate)
        {
            _reservations.Remove(attempt);
        }
    }
}

/// <summary>One attempt's promise of memory.</summary>
public sealed class Reservation : IDisposable
{
    private readonly Action<AttemptId> _release;
    private long _used;

    internal Reservation(AttemptId attempt, long bytes, Action<AttemptId> release)
    {
        Attempt = attempt;
        Bytes = bytes;
        _release = release;
    }

    public AttemptId Attempt { get; }

    /// <summary>Size that the attempt's tmpfs gets.</summary>
    public long Bytes { get; }

    /// <summary>Promised and not yet taken from the kernel: what is taken is gone from MemAvailable already.</summary>
    internal long Owed => Math.Max(0, Bytes - Interlocked.Read(ref _used));

    /// <summary>The store says how many bytes it holds.</summary>
    public void SetUsed(long bytes) => Interlocked.Exchange(ref _used, bytes);

    public void Dispose() => _release(Attempt);
}
