using ActorMigration.Host.Linux.Processes;

namespace ActorMigration.Tpm.Tests.Swtpm;

/// <summary>A maker of software TPMs with a CA of its own, in a directory of its own: nothing of /etc or /var is used.</summary>
public sealed class SoftwareTpmMaker
{
    private readonly string _directory;

    public SoftwareTpmMaker(string directory)
    {
        _directory = directory;
        Directory.CreateDirectory(Ca);
        File.WriteAllText(
            Path.Combine(directory, "localca.conf"),
            $"statedir = {Ca}\nsigningkey = {Ca}/signkey.pem\nissuercert = {Ca}/issuercert.pem\ncertserial = {Ca}/certserial\n");
        File.WriteAllText(
            Path.Combine(directory, "localca.options"),
            "--tpm-manufacturer id:00001014\n--tpm-model swtpm\n--tpm-version 1\n"
            + "--platform-manufacturer id:00001014\n--platform-version 2.1\n--platform-model H1\n");
        File.WriteAllText(
            Path.Combine(directory, "setup.conf"),
            $"create_certs_tool=/usr/bin/swtpm_localca\ncreate_certs_tool_config={directory}/localca.conf\n"
            + $"create_certs_tool_options={directory}/localca.options\nactive_pcr_banks=sha256\n");
    }

    private string Ca => Path.Combine(_directory, "ca");

    /// <summary>Makes a TPM with endorsement certificates and starts it.</summary>
    public SoftwareTpm Make(string name)
    {
        var state = Path.Combine(_directory, name);
        Directory.CreateDirectory(state);
        ToolProcess.Run(
            new ToolCommand(
                "swtpm_setup", "--tpm2", "--tpmstate", state, "--config", $"{_directory}/setup.conf", "--create-ek-cert",
                "--create-platform-cert", "--lock-nvram", "--pcr-banks", "sha256", "--overwrite"),
            TimeProvider.System);
        return Start(state);
    }

    /// <summary>Starts a TPM on a copy of another's state: what root can do with a software TPM.</summary>
    public SoftwareTpm Clone(SoftwareTpm tpm, string name)
    {
        var copy = Path.Combine(_directory, name);
        Directory.CreateDirectory(copy);
        foreach (var file in Directory.EnumerateFiles(tpm.State).Where(f => !Path.GetFileName(f).StartsWith('.')))
        {
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        }

        return Start(copy);
    }

    /// <summary>Writes root and intermediate where the attestation CA looks for makers it trusts.</summary>
    public void WriteRoots(string directory)
    {
        Directory.CreateDirectory(directory);
        File.Copy(Path.Combine(Ca, "swtpm-localca-rootca-cert.pem"), Path.Combine(directory, "root.pem"));
        File.Copy(Path.Combine(Ca, "issuercert.pem"), Path.Combine(directory, "issuer.pem"));
    }

    private static SoftwareTpm Start(string state)
    {
        var tpm = new SoftwareTpm(state);
        tpm.Start();
        return tpm;
    }
}
