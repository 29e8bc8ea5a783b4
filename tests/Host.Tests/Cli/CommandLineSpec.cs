using ActorMigration.Contracts;
using ActorMigration.Host.Cli;
using ActorMigration.Host.Http;
using ActorMigration.Host.Tests.Http;

namespace ActorMigration.Host.Tests.Cli;

/// <summary>What the command line refuses by itself, and the promises that docs/operating.md makes about it.</summary>
public sealed class CommandLineSpec
{
    [Theory]
    [InlineData("", "Required command was not provided")]
    [InlineData("frobnicate", "Required command was not provided")]
    [InlineData("ps --frob", "'--frob'")]
    [InlineData("run --name a --ip 10.0.0.1/24 -- x", "'--image' is required")]
    [InlineData("run --image i --name A --ip 10.0.0.1/24 -- x", "--name 'A' is not a name")]
    [InlineData("run --image i --name a --ip 10.0.0.1 -- x", "--ip '10.0.0.1' is not")]
    [InlineData("run --image i --name a --ip 10.0.0.1/24 --memory 1q -- x", "--memory '1q'")]
    [InlineData("run --image i --name a --ip 10.0.0.1/24 --cpus -1 -- x", "--cpus '-1'")]
    [InlineData("run --image i --name a --ip 10.0.0.1/24 --env NOVALUE -- x", "--env 'NOVALUE'")]
    [InlineData("run --image i --name a --ip 10.0.0.1/24 --user redis -- x", "--user 'redis'")]
    [InlineData("run --image i --name a --ip 10.0.0.1/24 --pids 99999999999 -- x", "'99999999999' for option '--pids'")]
    [InlineData("run --image i --name a --ip 10.0.0.1/24 --mtu x -- x", "'x' for option '--mtu'")]
    [InlineData("load ..", "'..' cannot name a host: a host name has")]
    [InlineData("load h1 h2", "Unrecognized command or argument 'h2'")]
    [InlineData("rm ..", "'..' is not a name or id")]
    [InlineData("cancel ..", "'..' is not a name or id")]
    [InlineData("migration show ü", "'ü' is not a name or id")]
    [InlineData("ps --socket /0123456789/0123456789/0123456789/0123456789/0123456789/0123456789/0123456789/0123456789/0123456789/01234567890123456789", "--socket must be")]
    [InlineData("migrate c --to h2 --target-downtime 1e9", "'1e9' for option '--target-downtime'")]
    [InlineData("run --image i --name a --ip 10.0.0.1/24", "Required argument 'ARGS' missing")]
    [InlineData("migrate c", "'--to' is required")]
    [InlineData("migrate c --to h2 --force --or-abort", "exclude each other")]
    [InlineData("migrate c --to h2 --wait --no-wait", "exclude each other")]
    [InlineData("doctor --host h1 --local", "--host asks the daemon")]
    [InlineData("doctor --host h1 --criu /x", "--host asks the daemon")]
    [InlineData("migrate c --to h2 --target-downtime -5", "cannot be negative")]
    public async Task A_wrong_command_line_is_one_sentence_and_exit_code_2(string line, string sentence)
    {
        var run = await CliRun.OfAsync(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));

        Assert.Equal((ExitCode.Usage, ""), (run.Code, run.Out));
        Assert.Contains(sentence, run.Error, StringComparison.Ordinal);
        Assert.Equal(1, run.Error.Count(c => c == '\n'));
    }

    [Fact]
    public async Task Without_a_daemon_the_exit_code_is_3_and_the_socket_is_named()
    {
        var run = await CliRun.OfAsync("--socket", "/nonexistent/api.sock", "ps");

        Assert.Equal(ExitCode.NoDaemon, run.Code);
        Assert.StartsWith("amig: No daemon answers on /nonexistent/api.sock", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("512m", 512L << 20)]
    [InlineData("2G", 2L << 30)]
    [InlineData("64k", 64L << 10)]
    [InlineData("7", 7)]
    public void Sizes_are_read_in_powers_of_1024(string text, long bytes)
    {
        Assert.True(Quantities.TryParseBytes(text, out var read));
        Assert.Equal(bytes, read);
    }

    [Theory]
    [InlineData("")]
    [InlineData("m")]
    [InlineData("-1k")]
    [InlineData("1.5g")]
    [InlineData("9223372036854775807k")]
    public void What_is_no_size_is_refused(string text) => Assert.False(Quantities.TryParseBytes(text, out _));

    [Fact]
    public void A_mac_is_locally_administered_unicast_stable_and_differs_by_name()
    {
        var mac = RunRequestCheck.MacOf(new ContainerName("redis"));

        Assert.Equal(mac, RunRequestCheck.MacOf(new ContainerName("redis")));
        Assert.NotEqual(mac, RunRequestCheck.MacOf(new ContainerName("redis2")));
        Assert.Matches("^[0-9a-f][26ae](:[0-9a-f]{2}){5}$", mac);
    }

    [Fact]
    public void Every_failure_has_its_exit_code_and_no_two_enums_share_a_name()
    {
        string[] names = [.. Enum.GetNames<MigrationFailure>(), .. Enum.GetNames<RequestFailure>()];

        Assert.Equal(names.Length, names.Distinct().Count());
        // What falls through to "Failed" must be one of those that are meant to.
        Assert.Equal(["Internal", "NoAnswer", "NotAvailable"], names.Where(name => ExitCodes.Of(name) == ExitCode.Failed).Order(StringComparer.Ordinal));
        Assert.All(Enum.GetValues<ExitCode>().Except([ExitCode.NoDaemon]), code => Assert.Contains(names, name => ExitCodes.Of(name) == code));
    }
}
