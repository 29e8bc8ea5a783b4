using ActorMigration.Contracts;
using ActorMigration.Host.Linux.Store;

namespace ActorMigration.Host.Tests.Linux.Store;

/// <summary>A promise counts from the moment it is given.</summary>
public sealed class ReservationLedgerSpec
{
    private const long MiB = 1 << 20;

    private long _available = 1000 * MiB;

    [Fact]
    public void Three_attempts_into_room_for_two_leave_two()
    {
        var ledger = Ledger();
        ledger.Reserve(AttemptId.New(), 400 * MiB);
        ledger.Reserve(AttemptId.New(), 400 * MiB);

        var refused = Assert.Throws<ReservationRefusedException>(() => ledger.Reserve(AttemptId.New(), 400 * MiB));
        Assert.Equal((400 * MiB, 100 * MiB), (refused.Asked, refused.Free));
    }

    [Fact]
    public void What_a_store_has_taken_is_not_counted_twice()
    {
        var ledger = Ledger();
        var first = ledger.Reserve(AttemptId.New(), 400 * MiB);
        first.SetUsed(300 * MiB);
        _available -= 300 * MiB;

        Assert.Equal(500 * MiB, ledger.Free);
    }

    [Fact]
    public void A_container_that_grows_meanwhile_takes_from_what_is_free()
    {
        var ledger = Ledger();
        ledger.Reserve(AttemptId.New(), 400 * MiB);
        _available -= 450 * MiB;

        Assert.Equal(50 * MiB, ledger.Free);
    }

    [Fact]
    public void The_end_of_an_attempt_gives_its_promise_back()
    {
        var ledger = Ledger();
        ledger.Reserve(AttemptId.New(), 900 * MiB).Dispose();

        Assert.Equal(900 * MiB, ledger.Free);
    }

    [Fact]
    public void The_kernels_own_number_is_read()
        => Assert.InRange(ReservationLedger.MemAvailable(), 1, long.MaxValue);

    private ReservationLedger Ledger() => new(() => _available, reserve: 100 * MiB);
}
