using ActorMigration.Host.Linux.Criu;

namespace ActorMigration.Host.Tests.Linux.Store;

/// <summary>What was read of the mappings beside the last scan is used only if no border has moved since.</summary>
public sealed class SmapsAgreeSpec
{
    private const string A = "1000-3000 rw-p 00000000 00:00 0 [heap]\n";
    private const string B = "3000-4000 rw-p 00000000 00:00 0 [heap]\n";
    private const string Joined = "1000-4000 rw-p 00000000 00:00 0 [heap]\n";
    private const string Details = "Size:  8 kB\nVmFlags: rd wr mr mw me ac\n";

    [Theory]
    [InlineData(A + Details + B + Details, A + B, true)]
    [InlineData(A + Details + B + Details, Joined, false)]
    [InlineData(A + Details + Joined + Details, Joined, false)]
    [InlineData(A + Details, A + B, false)]
    [InlineData(A + Details + B + Details, A, false)]
    [InlineData("", A, false)]
    public void Every_line_is_as_the_kernel_has_it_now(string smaps, string maps, bool agree)
        => Assert.Equal(agree, SkeletonPages.SmapsAgree(System.Text.Encoding.ASCII.GetBytes(smaps), System.Text.Encoding.ASCII.GetBytes(maps)));
}
