using ActorMigration.Actors;
using ActorMigration.Actors.Trust;
using ActorMigration.Contracts;
using ActorMigration.Contracts.Trust;
using ActorMigration.Host.Trust;
using Microsoft.Extensions.Logging.Abstractions;

namespace ActorMigration.Host.Tests.Trust;

/// <summary>What a voter has found out, on its disk.</summary>
public sealed class JudgementFileSpec : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("amig-judgements-");

    private string Path => System.IO.Path.Combine(_directory.FullName, "judgements.json");

    [Fact]
    public void What_is_kept_is_read_back_by_the_next_daemon()
    {
        var counters = new AttestationCounters("ak", ulong.MaxValue, 3, 1);
        var judge = TrustJudge.New.Accepted(new HostName("a"), counters, "", 1).Rejected(new HostName("b"), "its \"PCR\" is wrong", 2).Rejected(new HostName("b"), "its \"PCR\" is wrong", 3);
        Assert.Empty(File(Path).Load());

        File(Path).Keep(judge.Lasting);

        Assert.Equal(judge.Lasting, File(Path).Load());
        Assert.Equal(counters, TrustJudge.From(File(Path).Load()).CountersOf(new HostName("a")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{ \"hosts\": null }")]
    [InlineData("{ \"hosts\": [null] }")]
    [InlineData("{ \"hosts\": [{ \"host\": { \"value\": \"No Host\" }, \"trust\": \"Rejected\", \"sinceUnixMs\": 1, \"sentence\": \"\", \"rejections\": 2, \"counters\": null, \"askedAt\": null, \"failingSince\": null }] }")]
    public void A_file_that_is_none_is_as_if_nothing_had_been_kept(string content)
    {
        System.IO.File.WriteAllText(Path, content);

        Assert.Empty(File(Path).Load());
    }

    [Fact]
    public void A_disk_that_takes_nothing_is_said()
        => Assert.Contains("cannot write", Assert.Throws<AttemptException>(() => File(System.IO.Path.Combine(_directory.FullName, "no", "such", "directory")).Keep([])).Message, StringComparison.Ordinal);

    public void Dispose() => _directory.Delete(recursive: true);

    private static JudgementFile File(string path) => new(path, NullLogger.Instance);
}
