using System.Collections.Immutable;
using ActorMigration.Contracts.Memory;
using CsCheck;
using Xunit;

namespace ActorMigration.Contracts.Tests.Memory;

public sealed class FinalIndexSpec
{
    private static readonly Gen<ImmutableArray<PageRun>> Runs =
        Gen.Select(Gen.ULong[0, 1UL << 30], Gen.Long[1, 1L << 20], Gen.Int[0, FinalIndex.MaxRound]).Array[0, 20].Select(Lay);

    private static readonly Gen<FinalIndex> Indexes =
        Gen.Select(Gen.Int[1, int.MaxValue], Gen.Int[0, 5], Runs)
            .Array[0, 8]
            .Select(all => new FinalIndex(all.DistinctBy(p => p.Item1).Select(p => new ProcessPages(new ProcessKey(p.Item1, p.Item2), p.Item3))));

    [Fact]
    public void Decoding_gives_back_what_was_encoded()
        => Indexes.Sample(index => FinalIndexEncoding.Decode(FinalIndexEncoding.Encode(index)).Equals(index));

    [Fact]
    public void Bytes_that_decode_are_the_only_encoding_of_their_index()
        => Gen.Select(Indexes, Gen.Int[0, 1 << 20], Gen.Byte).Sample((index, at, value) =>
        {
            var bytes = FinalIndexEncoding.Encode(index);
            bytes[at % bytes.Length] = value;

            FinalIndex decoded;
            try
            {
                decoded = FinalIndexEncoding.Decode(bytes);
            }
            catch (FinalIndexFormatException)
            {
                return;
            }

            Assert.Equal(bytes, FinalIndexEncoding.Encode(decoded));
        });

    [Fact]
    public void No_cut_of_an_encoding_decodes()
        => Indexes.Sample(index =>
        {
            var bytes = FinalIndexEncoding.Encode(index);
            for (var length = 0; length < bytes.Length; length++)
            {
                Assert.Throws<FinalIndexFormatException>(() => FinalIndexEncoding.Decode(bytes.AsSpan(0, length)));
            }

            Assert.Throws<FinalIndexFormatException>(() => FinalIndexEncoding.Decode([.. bytes, 0]));
        }, iter: 50);

    [Fact]
    public void Reads_the_bytes_of_version_1()
    {
        byte[] bytes = [(byte)'A', (byte)'M', (byte)'F', (byte)'I', 1, 0, 1, 7, 2, 2, 0x10, 3, 4, 0, 0x80, 1, 5];

        var index = FinalIndexEncoding.Decode(bytes);

        var process = Assert.Single(index.Processes);
        Assert.Equal(new ProcessKey(7, 2), process.Process);
        Assert.Equal([new PageRun(0x10000, 3, 4), new PageRun(0x13000, 128, 5)], process.Runs.AsEnumerable());
        Assert.Equal(131, index.PageCount);
        Assert.Equal(bytes, FinalIndexEncoding.Encode(index));
    }

    [Theory]
    [InlineData(new byte[] { 2, 7, 0, 0, 7, 0, 0 })] // the same pid twice
    [InlineData(new byte[] { 2, 7, 0, 0, 6, 0, 0 })] // descending
    [InlineData(new byte[] { 1, 0, 0, 0 })] // pid 0
    [InlineData(new byte[] { 1, 7, 0, 1, 1, 0, 1 })] // a run of no page
    [InlineData(new byte[] { 1, 7, 0, 2, 1, 1, 1, 0, 1, 1 })] // neighbours of one round, not merged
    [InlineData(new byte[] { 1, 0x87, 0, 0, 0 })] // 7 in two bytes
    [InlineData(new byte[] { 1, 7, 0, 0xff, 0xff, 0xff, 0x0f })] // runs that cannot be there
    [InlineData(new byte[] { 1, 7, 0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 1, 1 })] // address overflow
    [InlineData(new byte[] { 1, 7, 0, 1, 1, 1, 0xff, 0xff, 3 })] // round 65535
    public void Refuses_bytes_that_no_source_writes(byte[] body)
    {
        byte[] bytes = [(byte)'A', (byte)'M', (byte)'F', (byte)'I', 1, 0, .. body];

        Assert.Throws<FinalIndexFormatException>(() => FinalIndexEncoding.Decode(bytes));
    }

    [Fact]
    public void Refuses_another_version_by_its_number()
    {
        var thrown = Assert.Throws<FinalIndexFormatException>(() => FinalIndexEncoding.Decode([(byte)'A', (byte)'M', (byte)'F', (byte)'I', 2, 0, 0]));

        Assert.Contains("version 2", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RoundOf_agrees_with_the_runs()
        => Runs.Sample(runs =>
        {
            var process = new ProcessPages(new ProcessKey(1, 0), runs);
            foreach (var run in runs)
            {
                Assert.Equal(run.Round, process.RoundOf(run.Address));
                Assert.Equal(run.Round, process.RoundOf(run.End - 1));
                Assert.Equal(runs.FirstOrDefault(r => r.Address == run.End) is { PageCount: > 0 } next ? next.Round : null, process.RoundOf(run.End));
            }

            Assert.Null(process.RoundOf(FinalIndex.AddressLimit - 1));
        });

    private static ImmutableArray<PageRun> Lay((ulong Gap, long Count, int Round)[] parts)
    {
        var runs = ImmutableArray.CreateBuilder<PageRun>();
        var end = 0UL;
        foreach (var (gap, count, round) in parts)
        {
            // Every second gap is closed, so that neighbours of different rounds are common.
            var address = end + ((gap & 1) == 0 ? 0 : gap << PageSize.Shift);
            if (runs.Count > 0 && runs[^1].End == address && runs[^1].Round == round)
            {
                continue;
            }

            runs.Add(new PageRun(address, count, round));
            end = runs[^1].End;
        }

        return runs.ToImmutable();
    }
}
