using ActorMigration.Contracts;
using ActorMigration.Host.Node;

namespace ActorMigration.Host.Tests.Node;

public sealed class NodeSettingsSpec
{
    internal const string Own = """
        amig {
          host = "h1"
          address = "10.0.0.1"
          seeds = ["h1@10.0.0.1:7070", "h2@10.0.0.2:7070"]
          voters = ["h1=10.0.0.1:7072", "h2=10.0.0.2:7072", "h3=10.0.0.3:7072"]
          network { bridge = "amig0", uplink = "eth1" }
        }
        """;

    internal static HoconFiles With(string own) => HoconFiles.FromTexts(
        [.. Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "hocon"), "*.conf").Order(StringComparer.Ordinal).Select(file => (Path.GetFileName(file), File.ReadAllText(file))), ("h1.conf", own)]);

    /// <summary>A path that is not there is silently out of reach of all peers.</summary>
    [Fact]
    public void Every_actor_that_peers_reach_may_be_selected_by_them()
    {
        var reached = typeof(Actors.IPeers).GetMethods().Where(method => method.ReturnType == typeof(Akka.Actor.ICanTell)).Select(method => $"\"/user/node/{method.Name.ToLowerInvariant()}\"").ToArray();
        var text = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "hocon", "10-remote.conf"));

        Assert.True(reached.Length > 5);
        Assert.All(reached, path => Assert.Contains(path, text, StringComparison.Ordinal));
    }

    [Fact]
    public void A_file_with_only_the_required_keys_is_enough()
    {
        var settings = NodeSettingsReader.Read(With(Own));

        Assert.Equal(new HostName("h1"), settings.Host);
        Assert.Equal("10.0.0.2:7070", settings.Seeds[1].EndPoint.ToString());
        Assert.Equal("device:/dev/tpmrm0", settings.Tpm.ToString());
        Assert.Equal(256L << 20, settings.MemoryReserve);
        Assert.Equal(TimeSpan.FromMilliseconds(300), settings.Migration.TargetDowntime);
        // The actors' tests run with these records' own defaults; the files must not say something else.
        Assert.Equal(Actors.AttemptTimes.Default, settings.AttemptTimes);
        Assert.Equal(Actors.VoterTimes.Default, settings.VoterTimes);
        Assert.Equal(MigrationPolicy.Default, settings.Migration.Policy(0, force: false, verify: false));
        Assert.False(settings.Migration.VerifyMemory);
        Assert.Equal((TimeSpan.FromSeconds(5), Actors.LoadWindows.Minute, TimeSpan.FromSeconds(30)), (settings.Load.Interval, settings.Load.Window, settings.Load.ForgetAfter));
        Assert.Equal((200.0 * (1 << 20), 125e6), (settings.Load.DiskBytesPerSecond, settings.Load.NetworkBytesPerSecond));
        Assert.Empty(settings.Load.Labels);
    }

    [Fact]
    public void A_connection_may_lose_some_of_its_own_heartbeats_before_it_is_made_anew()
    {
        var detector = With(Own).Merged.GetConfig("akka.remote.transport-failure-detector");

        Assert.InRange(detector.GetTimeSpan("heartbeat-interval"), TimeSpan.FromSeconds(10), detector.GetTimeSpan("acceptable-heartbeat-pause") / 4);
    }

    [Fact]
    public void Labels_are_read_in_their_order()
        => Assert.Equal(["ssd", "rack-2"], NodeSettingsReader.Read(With(Own + "\namig.labels = [\"ssd\", rack-2]")).Load.Labels);

    [Theory]
    [InlineData("host = \"h1\"", "amig.host")]
    [InlineData("address = \"10.0.0.1\"", "amig.address")]
    [InlineData("seeds = [\"h1@10.0.0.1:7070\", \"h2@10.0.0.2:7070\"]", "amig.seeds")]
    [InlineData("voters = [\"h1=10.0.0.1:7072\", \"h2=10.0.0.2:7072\", \"h3=10.0.0.3:7072\"]", "amig.voters")]
    [InlineData("network { bridge = \"amig0\", uplink = \"eth1\" }", "amig.network.bridge")]
    public void A_missing_required_key_is_named(string line, string key)
    {
        var refused = Assert.Throws<SettingsException>(() => NodeSettingsReader.Read(With(Own.Replace(line, "", StringComparison.Ordinal))));

        Assert.StartsWith($"The key {key} is missing", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("amig.stat-dir = \"/x\"", "amig.stat-dir is not known; the nearest one is amig.state-dir")]
    [InlineData("amig.migration.target-downtme = 1 s", "amig.migration.target-downtme is not known; the nearest one is amig.migration.target-downtime")]
    [InlineData("amig.remote.data.port = 1", "amig.remote.data.port is not known")]
    public void An_unknown_key_is_an_error_that_names_file_and_key(string line, string sentence)
    {
        var refused = Assert.Throws<SettingsException>(() => NodeSettingsReader.Read(With(Own + "\n" + line)));

        Assert.StartsWith("h1.conf: ", refused.Message, StringComparison.Ordinal);
        Assert.Contains(sentence, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("amig.host = \"H 1\"", "amig.host")]
    [InlineData("amig.address = \"0.0.0.0\"", "amig.address")]
    [InlineData("amig.state-dir = \"relative\"", "amig.state-dir")]
    [InlineData("amig.remote.port = 70000", "amig.remote.port")]
    [InlineData("amig.data.port = 7070", "three different ports")]
    [InlineData("amig.seeds = []", "amig.seeds")]
    [InlineData("amig.seeds = [\"h1@10.0.0.1\"]", "amig.seeds")]
    [InlineData("amig.seeds = [\"h1@10.0.0.9:7070\"]", "amig.seeds")]
    [InlineData("amig.voters = [\"h1=10.0.0.1:7072\", \"h2=10.0.0.2:7072\"]", "2 voters are configured, 3 or 5 are needed")]
    [InlineData("amig.voters = [\"h1=10.0.0.1:7072\"]", "1 voter is configured, 3 or 5 are needed")]
    [InlineData("amig.voter.set = 2", "cannot follow")]
    [InlineData("amig.voter.before = \"h1,h2,h3\"", "amig.voter.set is 1")]
    [InlineData("amig.voter.set = 2\namig.voter.before = \"h4,h5,h6\"", "one voter may be exchanged at a time")]
    [InlineData("amig.voter.before = \"h1, H 2\"", "no name of a host")]
    [InlineData("amig.voters = [\"h2=10.0.0.1:7072\", \"h2=10.0.0.2:7072\", \"h3=10.0.0.2:7072\"]", "h2 twice")]
    [InlineData("amig.tpm = \"tcp:localhost\"", "amig.tpm")]
    [InlineData("amig.migration.hand-over-patience = 60 s", "longer than amig.migration.stop-deadline")]
    [InlineData("amig.network.bridge = \"a-name-that-is-too-long\"", "amig.network.bridge")]
    [InlineData("amig.memory.reserve = 256", "amig.memory.reserve")]
    [InlineData("amig.memory.reserve = 256 MB", "amig.memory.reserve")]
    [InlineData("amig.migration.target-downtime = 300", "amig.migration.target-downtime")]
    [InlineData("amig.migration.target-downtime = 0 ms", "amig.migration.target-downtime")]
    [InlineData("amig.migration.max-rounds = 0", "amig.migration.max-rounds")]
    [InlineData("amig.migration.verify-memory = perhaps", "amig.migration.verify-memory")]
    [InlineData("amig.cgroup-prefix = \"a/b\"", "amig.cgroup-prefix")]
    [InlineData("amig.criu = [\"x\"]", "amig.criu")]
    [InlineData("amig.labels = [\"SSD\"]", "amig.labels holds 'SSD'; a label has")]
    [InlineData("amig.labels = [\"a\", \"a\"]", "amig.labels names a twice")]
    [InlineData("amig.trust.untrusted = perhaps", "amig.trust.untrusted is 'perhaps'; it must be stop, evacuate or leave")]
    [InlineData("amig.trust.patience = 59 s", "amig.trust.patience must not be shorter than amig.trust.interval")]
    [InlineData("amig.trust.interval = 0 s", "amig.trust.interval")]
    [InlineData("amig.labels = ssd", "amig.labels")]
    [InlineData("amig.load.window = 61 s", "amig.load.window must be one of 10 s, 60 s, 300 s")]
    [InlineData("amig.load.interval = 31 s", "amig.load.interval must be from 100 ms to half of amig.load.window")]
    [InlineData("amig.load.interval = 50 ms", "amig.load.interval must be from 100 ms")]
    [InlineData("amig.load.forget-after = 9 s", "amig.load.forget-after must be twice")]
    [InlineData("amig.load.disk-rate = 0 B", "amig.load.disk-rate must be more than 0 B")]
    [InlineData("amig.load.network-mbit = 0", "amig.load.network-mbit")]
    public void A_malformed_value_is_refused_by_its_key(string line, string named)
    {
        var refused = Assert.Throws<SettingsException>(() => NodeSettingsReader.Read(With(Own + "\n" + line)));

        Assert.Contains(named, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
    }

    [Theory]
    [InlineData("a {\n b = 1", 1, "no end")]
    [InlineData("a {\n b = 1 ] }", 2, "closes nothing")]
    [InlineData("a = 1 }", 1, "closes nothing")]
    [InlineData("# fine { \na = ${HOME}", 2, "substitutions")]
    [InlineData("a = \"x", 1, "no end")]
    [InlineData("a = 1\n  include \"b.conf\"", 2, "include")]
    public void What_the_parser_would_pass_over_is_found_with_its_line(string text, int line, string sentence)
    {
        var defect = HoconText.FindDefect(text);

        Assert.Equal(line, defect?.Line);
        Assert.Contains(sentence, defect!.Sentence, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a = \"{ ${X} include\" # }\nb { c = [1, 2] } // ]")]
    [InlineData("a = \"\"\"{\n\"\"\"\nb.include-all = on")]
    [InlineData("")]
    public void Brackets_in_strings_and_comments_are_no_defect(string text) => Assert.Null(HoconText.FindDefect(text));

    [Fact]
    public void Every_shipped_file_is_clean_and_every_default_is_a_key_that_is_read()
    {
        foreach (var file in Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "hocon"), "*.conf"))
        {
            Assert.Null(HoconText.FindDefect(File.ReadAllText(file)));
        }

        NodeSettingsReader.Read(With(Own), out var keys);
        Assert.Contains("amig.migration.stop-deadline", keys);
    }
}
