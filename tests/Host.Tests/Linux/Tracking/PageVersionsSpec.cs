using ActorMigration.Contracts.Memory;
using ActorMigration.Host.Linux.Tracking;
using CsCheck;

namespace ActorMigration.Host.Tests.Linux.Tracking;

/// <summary>Version bookkeeping against a model that holds one number per page.</summary>
public sealed class PageVersionsSpec
{
    private const int Pages = 3000;
    private const ulong Base = 0x7f0000000000 + (500UL << PageSize.Shift);

    private static readonly Gen<(int First, int Count, int Round)[]> Sends = Gen.Select(Gen.Int[0, Pages - 1], Gen.Int[1, 1200], Gen.Int[0, 9]).Array[0, 12];

    [Fact]
    public void The_last_round_that_set_a_page_is_its_version()
        => Sends.Sample(sends =>
        {
            var (versions, model) = Apply(sends);

            for (var page = 0; page < Pages;)
            {
                var (end, round) = versions.FirstRun(At(page), At(Pages));
                var next = (int)((end - Base) >> PageSize.Shift);
                Assert.InRange(next, page + 1, Pages);
                Assert.All(model[page..next], version => Assert.Equal(version, round));
                Assert.True(next == Pages || model[next] != round, "a run ended before its version did");
                page = next;
            }
        });

    [Fact]
    public void The_runs_of_the_index_hold_every_existing_page_at_its_version()
        => Gen.Select(Sends, Gen.Bool.Array[Pages]).Sample((sends, exists) =>
        {
            var (versions, model) = Apply([(0, Pages, 0), .. sends]);
            var existing = new RunList();
            for (var page = 0; page < Pages; page++)
            {
                if (exists[page])
                {
                    existing.Append(At(page), At(page + 1));
                }
            }

            var index = new FinalIndex([new ProcessPages(new ProcessKey(1, 0), existing.WithVersions(versions))]);

            for (var page = 0; page < Pages; page++)
            {
                Assert.Equal(exists[page] ? model[page] : null, index.Processes[0].RoundOf(At(page)));
            }
        }, iter: 30);

    [Fact]
    public void A_page_that_exists_and_was_never_sent_has_no_place_in_an_index()
    {
        var existing = new RunList();
        existing.Append(At(0), At(2));
        var versions = new PageVersions();
        versions.Set(At(0), At(1), 3);

        Assert.Throws<InvalidOperationException>(() => existing.WithVersions(versions));
    }

    [Fact]
    public void Ranges_that_go_back_are_refused()
    {
        var runs = new RunList();
        runs.Append(At(4), At(8));

        Assert.Throws<ArgumentException>(() => runs.Append(At(7), At(9)));
    }

    private static ulong At(int page) => Base + ((ulong)page << PageSize.Shift);

    private static (PageVersions Versions, int?[] Model) Apply((int First, int Count, int Round)[] sends)
    {
        var versions = new PageVersions();
        var model = new int?[Pages];
        foreach (var (first, count, round) in sends)
        {
            var end = Math.Min(Pages, first + count);
            versions.Set(At(first), At(end), round);
            Array.Fill(model, round, first, end - first);
        }

        return (versions, model);
    }
}
