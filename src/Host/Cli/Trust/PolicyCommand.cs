using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using ActorMigration.Contracts.Trust;
using ActorMigration.Host.Trust;
using ActorMigration.Host.Trust.Pki;
using ActorMigration.Host.Trust.Tpm;

namespace ActorMigration.Host.Cli.Trust;

/// <summary><c>amig policy</c>: what a host demands of others.</summary>
internal static class PolicyCommand
{
    /// <summary>Seconds; a quote with fresh nonces is seldom older than one.</summary>
    private const double DefaultMaxAge = 5;

    public static Command Build() => new("policy", "make and read attestation policies") { Capture(), Show(), Revoke() };

    private static Command Capture()
    {
        var (tpm, pcrs) = (TrustOptions.Tpm(), TrustOptions.Pcrs());
        var output = TrustOptions.Path("--out", "policy file to write");
        var software = new Option<bool>("--allow-software-tpm") { Description = "accept hosts whose TPM is software; for a lab, as root can copy such a TPM" };
        var name = new Option<string>("--name") { Description = "name of the policy", DefaultValueFactory = _ => "captured" };
        var age = new Option<double>("--max-age") { Description = "most seconds from nonce to verified quote", DefaultValueFactory = _ => DefaultMaxAge };
        var command = new Command("capture", "write a policy that allows the PCR values of this TPM as they are now") { tpm, pcrs, software, name, age, output };
        command.Does(parsed =>
        {
            using var chip = new Tpm2Chip(parsed.GetRequiredValue(tpm));
            chip.Open();
            var seconds = parsed.GetValue(age);
            if (!(seconds > 0 && seconds <= TimeSpan.MaxValue.TotalSeconds / 2))
            {
                throw new TrustException("--max-age is a number of seconds more than 0");
            }

            var policy = PolicyCapture.From(
                chip, parsed.GetRequiredValue(name), parsed.GetRequiredValue(pcrs), parsed.GetValue(software), TimeSpan.FromSeconds(seconds));
            var json = AttestationPolicyJson.Format(policy);
            var readBack = TrustState.ParsePolicy(json, parsed.GetRequiredValue(output));
            TrustFile.Write(parsed.GetRequiredValue(output), Encoding.UTF8.GetBytes(json));
            return Describe(readBack);
        });
        return command;
    }

    private static Command Show()
    {
        var file = new Argument<string>("file") { Description = "policy file" };
        var command = new Command("show", "check a policy file and say what it demands") { file };
        command.Does(parsed => Describe(TrustState.ReadPolicy(parsed.GetRequiredValue(file))));
        return command;
    }

    private static Command Revoke()
    {
        var file = new Argument<string>("file") { Description = "policy file to change; daemons that use it need no restart" };
        var ak = new Option<string>("--ak") { Description = "certificate of the attestation key that is not to be believed any more (STATE/trust/ak.crt of its host), or the SHA-256 of its public key in hex", Required = true };
        var undo = new Option<bool>("--undo") { Description = "believe it again" };
        var command = new Command("revoke", "have hosts not believe an attestation key any more, whoever certified it") { file, ak, undo };
        command.Does(parsed =>
        {
            var (path, key) = (parsed.GetRequiredValue(file), FingerprintOf(parsed.GetRequiredValue(ak)));
            var before = TrustState.ReadPolicy(path);
            var after = before with { Revoked = parsed.GetValue(undo) ? before.Revoked.Remove(key) : before.Revoked.Add(key) };
            if (after.Revoked.SetEquals(before.Revoked))
            {
                throw new TrustException($"attestation key {key} is {(parsed.GetValue(undo) ? "not " : "")}revoked by {path}; nothing was changed");
            }

            TrustFile.Write(path, Encoding.UTF8.GetBytes(AttestationPolicyJson.Format(after)));
            return Describe(after);
        });
        return command;
    }

    private static string FingerprintOf(string keyOrFile)
    {
        if (keyOrFile.Length == SHA256.HashSizeInBytes * 2 && keyOrFile.All(char.IsAsciiHexDigit))
        {
            return keyOrFile.ToLowerInvariant();
        }

        using var certificate = Pem.ReadCertificate(keyOrFile);
        return Convert.ToHexStringLower(SHA256.HashData(certificate.PublicKey.ExportSubjectPublicKeyInfo()));
    }

    private static string Describe(AttestationPolicy policy)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"policy {policy.Name}");
        text.AppendLine(CultureInfo.InvariantCulture, $"digest {Convert.ToHexStringLower(policy.Digest())}");
        text.AppendLine(CultureInfo.InvariantCulture, $"software TPM {(policy.AllowSoftwareTpm ? "allowed" : "refused")}");
        text.Append(CultureInfo.InvariantCulture, $"evidence at most {policy.MaxEvidenceAge.TotalSeconds:0.###} s old");
        foreach (var key in policy.Revoked)
        {
            text.AppendLine();
            text.Append(CultureInfo.InvariantCulture, $"revoked {key}");
        }

        foreach (var (index, values) in policy.Pcrs)
        {
            text.AppendLine();
            text.Append(CultureInfo.InvariantCulture, $"PCR {index} {string.Join(" or ", values)}");
        }

        return text.ToString();
    }
}
