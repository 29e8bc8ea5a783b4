using ActorMigration.Contracts.Memory;
using ActorMigration.Host.Linux.Store;
using CsCheck;

namespace ActorMigration.Host.Tests.Linux.Store;

/// <summary>Versions per page against a plain dictionary, and their file.</summary>
public sealed class PageVersionsSpec
{
    private static readonly Gen<(int Page, int Count, int Round, bool IsZero)> Sets =
        Gen.Select(Gen.Int[0, 2000], Gen.OneOf(Gen.Int[1, 4], Gen.Int[400, 1200]), Gen.OneOf(Gen.Int[0, 3], Gen.Const(FinalIndex.MaxRound)), Gen.Bool);

    [Fact]
    public void Any_order_of_writes_agrees_with_a_dictionary_and_survives_the_file()
        => Sets.Array[1, 12].Sample(sets =>
        {
            var (versions, expected) = Apply(sets);
            foreach (var page in (int[])[0, 511, 512, 513, 1999, 3300, .. sets.Select(set => set.Page)])
            {
                Assert.Equal(expected.TryGetValue(page, out var version) ? version : null, versions.Find((ulong)page << PageSize.Shift));
            }

            var path = Path.GetTempFileName();
            VersionsFile.Write(path, versions.Runs());
            var runs = VersionsFile.Read(path);
            File.Delete(path);
            Assert.Equal(expected.OrderBy(entry => entry.Key).Select(entry => (entry.Key, entry.Value!.Value.Round, entry.Value!.Value.IsZero)),
                runs.SelectMany(run => Enumerable.Range(0, (int)run.PageCount).Select(i => ((int)(run.Address >> PageSize.Shift) + i, run.Round, run.IsZero))));
            // Merged: no run continues the one before it.
            Assert.All(runs.Zip(runs.Skip(1)), pair => Assert.False(pair.First.End == pair.Second.Address && (pair.First.Round, pair.First.IsZero) == (pair.Second.Round, pair.Second.IsZero)));
        });

    [Fact]
    public void The_first_page_of_another_round_is_found()
        => Gen.Select(Sets.Array[1, 8], Gen.Int[0, 2500], Gen.Int[1, 1500], Gen.Int[0, 3]).Sample((sets, first, count, round) =>
        {
            var (versions, expected) = Apply(sets);
            var wrong = Enumerable.Range(first, count).Where(page => !expected.TryGetValue(page, out var version) || version!.Value.Round != round).Select(page => (ulong?)page << PageSize.Shift).FirstOrDefault();

            Assert.Equal(wrong, versions.FirstOther((ulong)first << PageSize.Shift, count, round));
        });

    [Fact]
    public void A_file_that_was_cut_is_refused()
    {
        var path = Path.GetTempFileName();
        VersionsFile.Write(path, [new StoredRun(0x1000, 2, 1, false), new StoredRun(0x9000, 2, 1, true)]);
        var whole = File.ReadAllBytes(path);
        for (var length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(path, whole[..length]);
            Assert.Throws<InvalidDataException>(() => VersionsFile.Read(path));
        }

        File.Delete(path);
    }

    private static (PageVersions, Dictionary<int, (int Round, bool IsZero)?>) Apply((int Page, int Count, int Round, bool IsZero)[] sets)
    {
        var versions = new PageVersions();
        var expected = new Dictionary<int, (int, bool)?>();
        foreach (var (page, count, round, isZero) in sets)
        {
            versions.Set((ulong)page << PageSize.Shift, count, round, isZero);
            for (var i = 0; i < count; i++)
            {
                expected[page + i] = (round, isZero);
            }
        }

        return (versions, expected);
    }
}
