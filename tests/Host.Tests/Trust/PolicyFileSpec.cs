using System.Collections.Immutable;
using ActorMigration.Contracts.Trust;
using ActorMigration.Host.Trust;
using Microsoft.Extensions.Logging;

namespace ActorMigration.Host.Tests.Trust;

/// <summary>The policy of a daemon that runs.</summary>
public sealed class PolicyFileSpec : IDisposable
{
    private static readonly AttestationPolicy First = new(
        "first", false, TimeSpan.FromSeconds(5), [], ImmutableSortedDictionary<int, ImmutableSortedSet<string>>.Empty.Add(0, [new string('a', 64)]));

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("amig-policy-");
    private readonly List<(LogLevel Level, string Text)> _said = [];
    private readonly PolicyFile _file;
    private int _writes;

    public PolicyFileSpec()
    {
        Write(AttestationPolicyJson.Format(First));
        _file = new PolicyFile(Path, First, new Log(_said));
    }

    private string Path => System.IO.Path.Combine(_directory.FullName, "policy.json");

    [Fact]
    public void What_the_operator_writes_holds_from_the_next_look_on_and_is_said_once()
    {
        Assert.Equal("first", _file.Current.Name);
        Assert.Empty(_said);

        Write(AttestationPolicyJson.Format(First with { Name = "second", Revoked = [new string('b', 64)] }));

        Assert.Equal(("second", 1), (_file.Current.Name, _file.Current.Revoked.Count));
        Assert.Single(_said, s => s.Level == LogLevel.Information && s.Text.Contains("second", StringComparison.Ordinal));
    }

    [Fact]
    public void The_same_policy_in_another_layout_is_no_change()
    {
        Write(AttestationPolicyJson.Format(First).Replace("\n", "\n\n", StringComparison.Ordinal));

        Assert.Equal("first", _file.Current.Name);
        Assert.Empty(_said);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("")]
    public void A_file_that_is_no_policy_is_said_once_and_the_one_before_is_kept(string json)
    {
        Write(json);

        Assert.Equal(["first", "first"], ((string[])[_file.Current.Name, _file.Current.Name]));
        Assert.Single(_said, s => s.Level == LogLevel.Error && s.Text.Contains("policy first of before is kept", StringComparison.Ordinal) && s.Text.Contains(Path, StringComparison.Ordinal));
    }

    [Fact]
    public void A_link_to_a_policy_is_followed_when_what_it_leads_to_changes()
    {
        var (behind, path) = (System.IO.Path.Combine(_directory.FullName, "behind.json"), System.IO.Path.Combine(_directory.FullName, "link.json"));
        File.Copy(Path, behind);
        File.CreateSymbolicLink(path, behind);
        var file = new PolicyFile(path, First, new Log(_said));

        File.WriteAllText(behind, AttestationPolicyJson.Format(First with { Name = "second" }));
        File.SetLastWriteTimeUtc(behind, DateTime.UnixEpoch.AddDays(1));

        Assert.Equal("second", file.Current.Name);
    }

    [Fact]
    public void A_file_that_is_away_is_said_and_the_policy_before_is_kept()
    {
        File.Delete(Path);

        Assert.Equal("first", _file.Current.Name);
        Assert.Single(_said);
        Write(AttestationPolicyJson.Format(First with { Name = "back" }));
        Assert.Equal("back", _file.Current.Name);
    }

    public void Dispose() => _directory.Delete(recursive: true);

    /// <summary>As the operator's editor does it: a time of its own each time, whatever the file system's resolution is.</summary>
    private void Write(string json)
    {
        File.WriteAllText(Path, json);
        File.SetLastWriteTimeUtc(Path, DateTime.UnixEpoch.AddDays(20000).AddSeconds(++_writes));
    }

    private sealed class Log(List<(LogLevel, string)> said) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => said.Add((logLevel, formatter(state, exception)));
    }
}
