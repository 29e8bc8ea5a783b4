using ActorMigration.Host.Linux.Pager;
using CsCheck;

namespace ActorMigration.Host.Tests.Linux.Pager;

/// <summary>The set of missing pages against a plain map of page to page.</summary>
public sealed class LazyRangesSpec
{
    private const int Page = 4096;
    private const int Span = 60;

    private static readonly Gen<(int Kind, int From, int Count, int To)> Steps =
        Gen.Select(Gen.Int[0, 2], Gen.Int[0, Span - 1], Gen.Int[1, 20], Gen.Int[0, Span - 1]);

    [Fact]
    public void Any_order_of_fills_and_moves_agrees_with_a_map()
        => Gen.Select(Gen.Bool.Array[Span], Steps.Array[1, 30]).Sample((present, steps) =>
        {
            var set = new LazyRanges();
            var map = new SortedDictionary<int, int>();
            for (var page = 0; page < Span; page++)
            {
                if (present[page])
                {
                    set.Add((ulong)page * Page, (ulong)(page + 1) * Page);
                    map.Add(page, page);
                }
            }

            foreach (var (kind, from, count, to) in steps)
            {
                Step(set, map, kind, from, count, to);
                Assert.Equal(map.Select(entry => (entry.Key, entry.Value)), Pages(set));
                Assert.Equal(map.Count, set.Pages);
                Assert.Equal(map.Keys.Any(page => page >= from && page < from + count), set.Intersects((ulong)from * Page, (ulong)(from + count) * Page));
                Assert.Equal(map.TryGetValue(from, out var image) ? (ulong?)image * Page : null, set.From((ulong)from * Page)?.ImageStart);
            }
        });

    [Fact]
    public void Next_goes_upwards_from_the_cursor_and_then_begins_anew()
    {
        var set = new LazyRanges();
        set.Add(0x1000, 0x3000);
        set.Add(0x8000, 0x9000);

        Assert.Equal(new LazyRange(0x2000, 0x3000, 0x2000), set.Next(0x2000));
        Assert.Equal(new LazyRange(0x8000, 0x9000, 0x8000), set.Next(0x3000));
        Assert.Equal(new LazyRange(0x1000, 0x3000, 0x1000), set.Next(0x9000));
        Assert.Null(new LazyRanges().Next(0));
    }

    [Fact]
    public void A_child_has_a_set_of_its_own()
    {
        var parent = new LazyRanges();
        parent.Add(0x1000, 0x3000);
        var child = parent.Clone();
        parent.Remove(0x1000, 0x3000);

        Assert.Equal(2, child.Pages);
    }

    private static void Step(LazyRanges set, SortedDictionary<int, int> map, int kind, int from, int count, int to)
    {
        if (kind == 2 && Math.Abs(from - to) >= count)
        {
            var moved = map.Where(entry => entry.Key >= from && entry.Key < from + count).ToList();
            Forget(map, from, count);
            Forget(map, to, count);
            moved.ForEach(entry => map[entry.Key - from + to] = entry.Value);
            set.Move((ulong)from * Page, (ulong)to * Page, (ulong)count * Page);
            return;
        }

        var before = map.Count;
        Forget(map, from, count);
        Assert.Equal(before - map.Count, set.Remove((ulong)from * Page, (ulong)(from + count) * Page));
    }

    private static void Forget(SortedDictionary<int, int> map, int from, int count)
    {
        foreach (var page in map.Keys.Where(page => page >= from && page < from + count).ToArray())
        {
            map.Remove(page);
        }
    }

    private static IEnumerable<(int, int)> Pages(LazyRanges set)
        => set.All.SelectMany(range => Enumerable.Range(0, (int)range.Pages).Select(i => ((int)(range.Start / Page) + i, (int)(range.ImageStart / Page) + i)));
}
