using System.CommandLine;
using ActorMigration.Host.Trust;
using ActorMigration.Host.Trust.Enrolment;
using ActorMigration.Host.Trust.Tpm;

namespace ActorMigration.Host.Cli.Trust;

/// <summary><c>amig enrol</c>: the host's side of enrolment. No daemon may run meanwhile: it would hold the TPM.</summary>
internal static class EnrolCommand
{
    public static Command Build(TimeProvider time)
        => new("enrol", "prove this host's TPM to the cluster's CA and install its certificates") { Request(), Activate(), Install(), Local(time) };

    private static Command Request()
    {
        var (state, host, address, tpm) = (TrustOptions.State(), TrustOptions.Host(), TrustOptions.Address(), TrustOptions.Tpm());
        var output = TrustOptions.Path("--out", "file for `amig ca challenge`");
        var command = new Command("request", "make keys and the request for a challenge") { state, host, address, tpm, output };
        command.Does(parsed =>
        {
            using var chip = Open(parsed.GetRequiredValue(tpm));
            var request = new EnrollingHost(parsed.GetRequiredValue(state))
                .Request(parsed.GetRequiredValue(host), parsed.GetRequiredValue(address), chip);
            TrustFile.Write(parsed.GetRequiredValue(output), TrustFile.ToJson(request));
            return $"request of host {request.Host} in {parsed.GetRequiredValue(output)}; take it to the CA";
        });
        return command;
    }

    private static Command Activate()
    {
        var (state, tpm) = (TrustOptions.State(), TrustOptions.Tpm());
        var challenge = TrustOptions.Path("--challenge", "file from `amig ca challenge`");
        var output = TrustOptions.Path("--out", "file for `amig ca issue`");
        var command = new Command("activate", "open the credential in this host's TPM") { state, tpm, challenge, output };
        command.Does(parsed =>
        {
            using var chip = Open(parsed.GetRequiredValue(tpm));
            var asked = TrustFile.ReadJson<EnrolmentChallenge>(parsed.GetRequiredValue(challenge), "an enrolment challenge");
            var response = new EnrollingHost(parsed.GetRequiredValue(state)).Activate(asked, chip);
            TrustFile.Write(parsed.GetRequiredValue(output), TrustFile.ToJson(response));
            return $"the TPM opened the credential; response in {parsed.GetRequiredValue(output)}";
        });
        return command;
    }

    private static Command Install()
    {
        var state = TrustOptions.State();
        var bundle = TrustOptions.Path("--bundle", "file from `amig ca issue`");
        var command = new Command("install", "put this host's certificates in place") { state, bundle };
        command.Does(parsed =>
        {
            var issued = TrustFile.ReadJson<EnrolmentBundle>(parsed.GetRequiredValue(bundle), "an enrolment bundle");
            new EnrollingHost(parsed.GetRequiredValue(state)).Install(issued);
            return Installed(issued);
        });
        return command;
    }

    private static Command Local(TimeProvider time)
    {
        var (state, host, address, tpm) = (TrustOptions.State(), TrustOptions.Host(), TrustOptions.Address(), TrustOptions.Tpm());
        var (dir, roots) = (TrustOptions.Path("--ca-dir", "CA directory on this machine"), TrustOptions.EkRoots());
        var command = new Command("local", "all steps in one, for a CA directory on the same machine (a lab)") { dir, roots, state, host, address, tpm };
        command.Does(parsed =>
        {
            using var chip = Open(parsed.GetRequiredValue(tpm));
            var authority = new EnrolmentAuthority(parsed.GetRequiredValue(dir), time);
            var enrolling = new EnrollingHost(parsed.GetRequiredValue(state));
            var request = enrolling.Request(parsed.GetRequiredValue(host), parsed.GetRequiredValue(address), chip);
            var response = enrolling.Activate(authority.Challenge(request, parsed.GetRequiredValue(roots)), chip);
            var bundle = authority.Issue(response);
            enrolling.Install(bundle);
            return Installed(bundle);
        });
        return command;
    }

    private static Tpm2Chip Open(TpmAddress address)
    {
        var chip = new Tpm2Chip(address);
        try
        {
            chip.Open();
            return chip;
        }
        catch
        {
            chip.Dispose();
            throw;
        }
    }

    private static string Installed(EnrolmentBundle bundle)
        => $"host {bundle.Host} is enrolled. Compare with the CA's machine: attestation CA {CaFingerprint(bundle.AttestationCa)}, owner CA {CaFingerprint(bundle.OwnerCa)}";

    private static string CaFingerprint(byte[] der) => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(der));
}
