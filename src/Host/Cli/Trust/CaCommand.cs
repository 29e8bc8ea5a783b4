using System.CommandLine;
using ActorMigration.Host.Trust;
using ActorMigration.Host.Trust.Enrolment;

namespace ActorMigration.Host.Cli.Trust;

/// <summary><c>amig ca</c>: the CA's side of enrolment, on the machine that holds the CA directory.</summary>
internal static class CaCommand
{
    public static Command Build(TimeProvider time)
        => new("ca", "make the cluster's CAs and enrol hosts with them") { Init(time), Challenge(time), Issue(time) };

    private static Command Init(TimeProvider time)
    {
        var dir = Directory();
        var command = new Command("init", "make the attestation CA and the owner CA in an empty directory") { dir };
        command.Does(parsed =>
        {
            var path = parsed.GetRequiredValue(dir);
            new EnrolmentAuthority(path, time).Initialise();
            return $"made attestation-ca and owner-ca in {path}; whoever reads the .key files there can enrol any host, so keep them off the hosts";
        });
        return command;
    }

    private static Command Challenge(TimeProvider time)
    {
        var dir = Directory();
        var roots = TrustOptions.EkRoots();
        var request = TrustOptions.Path("--request", "file from `amig enrol request`");
        var output = TrustOptions.Path("--out", "file for `amig enrol activate`");
        var command = new Command("challenge", "check a host's TPM certificate and make a credential that only this TPM can open") { dir, roots, request, output };
        command.Does(parsed =>
        {
            var asked = TrustFile.ReadJson<EnrolmentRequest>(parsed.GetRequiredValue(request), "an enrolment request");
            var challenge = new EnrolmentAuthority(parsed.GetRequiredValue(dir), time).Challenge(asked, parsed.GetRequiredValue(roots));
            TrustFile.Write(parsed.GetRequiredValue(output), TrustFile.ToJson(challenge));
            return $"host {asked.Host} at {asked.Address}: its endorsement certificate is good; challenge in {parsed.GetRequiredValue(output)}";
        });
        return command;
    }

    private static Command Issue(TimeProvider time)
    {
        var dir = Directory();
        var response = TrustOptions.Path("--response", "file from `amig enrol activate`");
        var output = TrustOptions.Path("--out", "file for `amig enrol install`");
        var command = new Command("issue", "check a host's answer and issue its certificates") { dir, response, output };
        command.Does(parsed =>
        {
            var answer = TrustFile.ReadJson<EnrolmentResponse>(parsed.GetRequiredValue(response), "an enrolment response");
            var bundle = new EnrolmentAuthority(parsed.GetRequiredValue(dir), time).Issue(answer);
            TrustFile.Write(parsed.GetRequiredValue(output), TrustFile.ToJson(bundle));
            return $"host {bundle.Host} is enrolled; bundle in {parsed.GetRequiredValue(output)}";
        });
        return command;
    }

    private static Option<string> Directory() => TrustOptions.Path("--dir", "CA directory");
}
