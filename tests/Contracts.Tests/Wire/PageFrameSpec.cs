using ActorMigration.Contracts.Memory;
using ActorMigration.Contracts.Wire;
using CsCheck;

namespace ActorMigration.Contracts.Tests.Wire;

/// <summary>The frames of the page stream: what is written is read, and nothing else is.</summary>
public sealed class PageFrameSpec
{
    private static readonly ProcessKey Process = new(7, 2);

    private static readonly Gen<(FrameRun Run, byte Fill)> Runs = Gen.Select(
        Gen.Int[1, PageFrameLimits.MaxPid], Gen.Int[0, 3], Gen.ULong[0, (FinalIndex.AddressLimit >> PageSize.Shift) - 5], Gen.UInt[1, 4], Gen.Byte[0, 9], Gen.Byte,
        (pid, generation, page, pages, kind, fill) => (kind switch
        {
            0 => new FrameRun(new ProcessKey(pid, generation), 0, 0, FrameRunKind.Gone),
            < 4 => new FrameRun(new ProcessKey(pid, generation), page << PageSize.Shift, pages, FrameRunKind.Zero),
            _ => new FrameRun(new ProcessKey(pid, generation), page << PageSize.Shift, pages, FrameRunKind.Data),
        }, fill));

    [Fact]
    public void A_frame_of_runs_is_read_as_it_was_packed()
        => Runs.List[1, 40].Sample(runs =>
        {
            var (bytes, packed) = Pack(runs);
            var header = PageFrameHeader.Parse(bytes, 9);
            var payload = bytes.AsSpan(PageFrameHeader.Size);
            var read = new List<FrameRun>();
            FrameRun.ParseTable(payload, header.RunCount, read);

            Assert.Equal((PageFrameKind.Runs, 4, payload.Length), (header.Kind, header.Round, header.PayloadLength));
            Assert.Equal(Merge(packed.Select(run => run.Run)), read);
            Assert.Equal(packed.Where(run => run.Run.Kind == FrameRunKind.Data).SelectMany(run => Enumerable.Repeat(run.Fill, (int)run.Run.DataBytes)), payload[(header.RunCount * FrameRun.Size)..].ToArray());
        });

    [Fact]
    public void A_mutated_frame_is_refused_or_changes_the_digest()
        => Gen.Select(Runs.List[1, 8], Gen.Int, Gen.Byte[1, 255]).Sample((runs, where, change) =>
        {
            var (bytes, _) = Pack(runs);
            var before = Digest(bytes);
            bytes[(int)((uint)where % (uint)bytes.Length)] ^= change;
            Assert.NotEqual(before, Digest(bytes));
            try
            {
                var header = PageFrameHeader.Parse(bytes, 9);
                if (header.PayloadLength == bytes.Length - PageFrameHeader.Size && header.Kind == PageFrameKind.Runs)
                {
                    FrameRun.ParseTable(bytes.AsSpan(PageFrameHeader.Size), header.RunCount, []);
                }
            }
            catch (PageFrameException)
            {
                // Refused by its layout: as good as by its digest. Any other exception fails the test.
            }
        });

    [Fact]
    public void Random_bytes_never_break_the_parser()
        => Gen.Byte.Array[PageFrameHeader.Size, 400].Sample(bytes =>
        {
            try
            {
                var header = PageFrameHeader.Parse(bytes, 0);
                var payload = bytes.AsSpan(PageFrameHeader.Size);
                if (header.Kind == PageFrameKind.Runs && header.RunCount * FrameRun.Size <= payload.Length)
                {
                    FrameRun.ParseTable(payload, header.RunCount, []);
                }
            }
            catch (PageFrameException)
            {
                // The only way out that is allowed.
            }
        });

    [Fact]
    public void Reads_the_bytes_of_version_1()
    {
        var bytes = Convert.FromHexString("00000018" + "01" + "000000" + "0000000000000009" + "00000004" + "00000001"
            + "00000007" + "00000002" + "00007f0000001000" + "00000003" + "02" + "000000");
        var header = PageFrameHeader.Parse(bytes, 9);
        var runs = new List<FrameRun>();
        FrameRun.ParseTable(bytes.AsSpan(PageFrameHeader.Size), header.RunCount, runs);

        Assert.Equal([new FrameRun(Process, 0x7f00_0000_1000, 3, FrameRunKind.Zero)], runs);
    }

    [Theory]
    [InlineData("a sequence number that was skipped", 15, 8)]
    [InlineData("a reserved byte", 6, 1)]
    [InlineData("a kind that does not exist", 4, 9)]
    [InlineData("a payload beyond the limit", 0, 0x7f)]
    [InlineData("more runs than allowed", 20, 1)]
    public void A_header_is_refused_for(string what, int offset, byte value)
    {
        var bytes = new byte[PageFrameHeader.Size];
        new PageFrameHeader(PageFrameKind.Runs, 24, 9, 4, 1).WriteTo(bytes);
        bytes[offset] = value;

        Assert.True(Record.Exception(() => PageFrameHeader.Parse(bytes, 9)) is PageFrameException, what);
    }

    [Theory]
    [InlineData("an address within a page", 0x1001UL, 1u, 2, 7)]
    [InlineData("a run beyond user memory", FinalIndex.AddressLimit - 4096, 2u, 2, 7)]
    [InlineData("no pages", 0x1000UL, 0u, 2, 7)]
    [InlineData("pid 0", 0x1000UL, 1u, 2, 0)]
    [InlineData("an unknown kind", 0x1000UL, 1u, 4, 7)]
    public void A_run_is_refused_for(string what, ulong address, uint pages, int kind, int pid)
    {
        var bytes = new byte[FrameRun.Size];
        new FrameRun(new ProcessKey(pid, 0), address, pages, (FrameRunKind)kind).WriteTo(bytes);

        Assert.True(Record.Exception(() => FrameRun.ParseTable(bytes, 1, [])) is PageFrameException, what);
    }

    [Fact]
    public void The_digest_depends_on_attempt_stream_and_order()
    {
        var attempt = AttemptId.New();
        byte[] Root(AttemptId of, int stream, params byte[][] frames)
        {
            var digest = new PageStreamDigest(of, stream);
            foreach (var frame in frames)
            {
                digest.Add(frame);
            }

            return digest.Root;
        }

        byte[] first = [.. Enumerable.Repeat((byte)1, 32)], second = [.. Enumerable.Repeat((byte)2, 32)];
        Assert.Equal(Root(attempt, 0, first, second), Root(attempt, 0, first, second));
        Assert.NotEqual(Root(attempt, 0, first, second), Root(attempt, 0, second, first));
        Assert.NotEqual(Root(attempt, 0, first), Root(attempt, 1, first));
        Assert.NotEqual(Root(attempt, 0, first), Root(AttemptId.New(), 0, first));
    }

    private static byte[] Digest(byte[] frame)
    {
        var digest = new PageStreamDigest(new AttemptId(Guid.Empty), 0);
        digest.Add(System.Security.Cryptography.SHA256.HashData(frame));
        return digest.Root;
    }

    private static (byte[] Bytes, List<(FrameRun Run, byte Fill)> Packed) Pack(List<(FrameRun Run, byte Fill)> runs)
    {
        var builder = new PageFrameBuilder();
        foreach (var (run, fill) in runs)
        {
            if (run.Kind == FrameRunKind.Data)
            {
                builder.AddData(run.Process, run.Address, Enumerable.Repeat(fill, (int)run.DataBytes).ToArray());
            }
            else
            {
                Assert.True(builder.TryAdd(run));
            }
        }

        builder.SealRuns(9, 4);
        Assert.Equal(builder.Length, builder.Head.Length + builder.Data.Length);
        return ([.. builder.Head.Span, .. builder.Data.Span], runs);
    }

    private static List<FrameRun> Merge(IEnumerable<FrameRun> runs)
    {
        var merged = new List<FrameRun>();
        foreach (var run in runs)
        {
            if (merged.Count > 0 && merged[^1] is var last && run.Kind != FrameRunKind.Gone && last.Kind == run.Kind && last.Process == run.Process
                && run.Address == last.Address + ((ulong)last.Pages * PageSize.Bytes))
            {
                merged[^1] = last with { Pages = last.Pages + run.Pages };
            }
            else
            {
                merged.Add(run);
            }
        }

        return merged;
    }
}
