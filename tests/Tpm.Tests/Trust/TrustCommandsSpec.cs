using ActorMigration.Contracts;
using ActorMigration.Contracts.Trust;
using ActorMigration.Host.Cli;
using ActorMigration.Host.Trust;
using ActorMigration.Tpm.Tests.Swtpm;

namespace ActorMigration.Tpm.Tests.Trust;

/// <summary>The commands as an operator types them, on a real (software) TPM.</summary>
public sealed class TrustCommandsSpec(TpmLab lab) : IClassFixture<TpmLab>
{
    private static async Task<(int Code, string Out, string Error)> Amig(params string[] args)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var code = await AmigCommandLine.RunAsync(args, Context(output, error), CancellationToken.None);
        return (code, output.ToString(), error.ToString());
    }

    private static CliContext Context(TextWriter output, TextWriter error)
        => new(new Terminal(output, error, IsInteractive: false, Width: 200, Colours: false), TimeProvider.System);

    private static async Task<string> Succeeds(params string[] args)
    {
        var (code, output, error) = await Amig(args);
        Assert.True(code == 0, error);
        return output;
    }

    private static async Task Fails(int expected, string sentence, params string[] args)
    {
        var (code, _, error) = await Amig(args);
        Assert.Equal(expected, code);
        Assert.StartsWith("amig: ", error);
        Assert.Contains(sentence, error);
        Assert.Single(error.TrimEnd('\n').Split('\n'));
    }

    [Fact]
    public async Task Host_enrols_step_by_step_with_a_CA_elsewhere_and_its_quotes_are_accepted()
    {
        var (ca, state, files) = (lab.NewDirectory("ca"), lab.NewDirectory("state"), Directory.CreateDirectory(lab.NewDirectory("files")).FullName);
        string File(string name) => Path.Combine(files, name);
        var tpm = lab.A.Address.ToString();

        await Succeeds("ca", "init", "--dir", ca);
        await Succeeds("enrol", "request", "--state", state, "--host", "east", "--address", "10.0.0.7", "--tpm", tpm, "--out", File("request"));
        await Succeeds("ca", "challenge", "--dir", ca, "--ek-roots", lab.EkRoots, "--request", File("request"), "--out", File("challenge"));
        await Succeeds("enrol", "activate", "--state", state, "--tpm", tpm, "--challenge", File("challenge"), "--out", File("response"));
        await Succeeds("ca", "issue", "--dir", ca, "--response", File("response"), "--out", File("bundle"));
        Assert.Contains("host east is enrolled", await Succeeds("enrol", "install", "--state", state, "--bundle", File("bundle")));
        var shown = await Succeeds(
            "policy", "capture", "--tpm", tpm, "--pcrs", "0,7,16", "--allow-software-tpm", "--max-age", "60", "--out", Path.Combine(state, "trust", "policy.json"));
        Assert.Equal(shown, await Succeeds("policy", "show", Path.Combine(state, "trust", "policy.json")));

        using var trust = TrustState.Load(state);
        Assert.Equal([0, 7, 16], trust.Policy.QuotedPcrs);
        using var chip = lab.A.Open();
        var challenge = new Challenge(new HostName("east"), trust);
        Assert.IsType<AttestationVerdict.Accepted>(challenge.Verify(challenge.Answer(chip)));
    }

    [Fact]
    public async Task Host_enrols_locally_in_one_step()
    {
        var (ca, state) = (lab.NewDirectory("ca"), lab.NewDirectory("state"));
        await Succeeds("ca", "init", "--dir", ca);

        await Succeeds(
            "enrol", "local", "--ca-dir", ca, "--ek-roots", lab.EkRoots, "--state", state, "--host", "lab-1", "--address", "10.0.0.8", "--tpm", lab.A.Address.ToString());

        Assert.True(File.Exists(Path.Combine(state, "trust", "node.pfx")));
    }

    [Fact]
    public async Task CA_is_not_made_over_another_and_its_keys_are_secret()
    {
        var ca = lab.NewDirectory("ca");
        await Succeeds("ca", "init", "--dir", ca);

        await Fails(1, "a CA is not made anew", "ca", "init", "--dir", ca);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(ca, "owner-ca.key")));
    }

    [Fact]
    public async Task Wrong_file_is_named()
    {
        var wrong = lab.NewDirectory("wrong");
        await File.WriteAllTextAsync(wrong, "{}");
        var ca = lab.NewDirectory("ca");
        await Succeeds("ca", "init", "--dir", ca);

        await Fails(1, $"{wrong} is not an enrolment request", "ca", "challenge", "--dir", ca, "--ek-roots", lab.EkRoots, "--request", wrong, "--out", wrong + "2");
        await Fails(1, $"cannot read {wrong}3", "ca", "issue", "--dir", ca, "--response", wrong + "3", "--out", wrong + "2");
        Assert.False(File.Exists(wrong + "2"));
    }

    [Fact]
    public async Task A_key_is_revoked_by_its_certificate_or_its_digest_and_believed_again()
    {
        var (ca, state) = (lab.NewDirectory("ca"), lab.NewDirectory("state"));
        var (tpm, policy) = (lab.A.Address.ToString(), Path.Combine(state, "trust", "policy.json"));
        await Succeeds("ca", "init", "--dir", ca);
        await Succeeds("enrol", "local", "--ca-dir", ca, "--ek-roots", lab.EkRoots, "--state", state, "--host", "lab-1", "--address", "10.0.0.8", "--tpm", tpm);
        await Succeeds("policy", "capture", "--tpm", tpm, "--pcrs", "0", "--allow-software-tpm", "--max-age", "60", "--out", policy);
        string certificate = Path.Combine(state, "trust", "ak.crt");

        Assert.Matches("(?m)^revoked [0-9a-f]{64}$", await Succeeds("policy", "revoke", policy, "--ak", certificate));
        using var trust = TrustState.Load(state);
        using var chip = lab.A.Open();
        var challenge = new Challenge(new HostName("lab-1"), trust);
        Assert.Equal(AttestationRule.AkRevoked, Assert.IsType<AttestationVerdict.Rejected>(challenge.Verify(challenge.Answer(chip))).Rule);

        var key = Assert.Single(trust.Policy.Revoked);
        await Fails(1, $"attestation key {key} is revoked by", "policy", "revoke", policy, "--ak", key.ToUpperInvariant());
        Assert.DoesNotContain("revoked", await Succeeds("policy", "revoke", policy, "--ak", key, "--undo"));
        await Fails(1, "is not revoked by", "policy", "revoke", policy, "--ak", key, "--undo");
        await Fails(1, "no-such-file", "policy", "revoke", policy, "--ak", "no-such-file");
    }

    [Fact]
    public Task TPM_that_is_not_there_is_named()
        => Fails(1, "unix:/no/such.sock", "policy", "capture", "--tpm", "unix:/no/such.sock", "--out", lab.NewDirectory("policy"));

    [Fact]
    public async Task Usage_errors_say_the_rule()
    {
        await Fails(2, "unix:PATH", "policy", "capture", "--tpm", "/dev/tpm0", "--out", "x");
        await Fails(2, "0 to 23", "policy", "capture", "--tpm", "unix:/x", "--pcrs", "0,24", "--out", "x");
        await Fails(2, "a host name has", "enrol", "request", "--state", "x", "--host", "No Good", "--address", "10.0.0.1", "--tpm", "unix:/x", "--out", "x");
        await Fails(2, "--dir", "ca", "init");
    }
}
