using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Net;
using ActorMigration.Contracts;
using ActorMigration.Contracts.Trust;
using ActorMigration.Host.Trust.Tpm;

namespace ActorMigration.Host.Cli.Trust;

/// <summary>Options that several of the trust commands have. A value that makes no sense is a usage error with the rule it breaks.</summary>
internal static class TrustOptions
{
    public static Option<string> Path(string name, string description) => new(name) { Required = true, Description = description };

    public static Option<string> State() => Path("--state", "state directory of this host; keys and certificates are in its subdirectory trust");

    public static Option<string> EkRoots()
        => Path("--ek-roots", "directory with the certificates of the TPM makers you trust; those in its subdirectory software vouch for software TPMs only");

    public static Option<TpmAddress> Tpm() => Parsed<TpmAddress>(
        "--tpm",
        "the TPM: unix:PATH, tcp:ADDRESS:PORT or device:/dev/tpmrm0",
        text => TpmAddress.TryParse(text, out var address) ? (address, null) : (null, TpmAddress.Rule));

    public static Option<HostName> Host() => Parsed<HostName>(
        "--host",
        "name of this host in the cluster",
        text => HostName.IsValid(text) ? (new HostName(text), null) : (default, ContainerName.Rule.Replace("container", "host", StringComparison.Ordinal)));

    public static Option<IPAddress> Address() => Parsed<IPAddress>(
        "--address",
        "IP address of this host in the cluster",
        text => IPAddress.TryParse(text, out var address) ? (address, null) : (null, "an address is an IPv4 or IPv6 address"));

    public static Option<int[]> Pcrs()
    {
        var option = Parsed<int[]>("--pcrs", "PCRs to record, separated by commas", ParsePcrs);
        option.Required = false;
        option.DefaultValueFactory = _ => [0, 1, 2, 3, 4, 5, 6, 7, 16];
        return option;
    }

    private static (int[]? Value, string? Error) ParsePcrs(string text)
    {
        var rule = $"PCRs are numbers from 0 to {PcrValue.MaxIndex}, each once, separated by commas";
        var pcrs = new SortedSet<int>();
        foreach (var part in text.Split(','))
        {
            if (!int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var pcr) || pcr > PcrValue.MaxIndex || !pcrs.Add(pcr))
            {
                return (null, rule);
            }
        }

        return ([.. pcrs], null);
    }

    private static Option<T> Parsed<T>(string name, string description, Func<string, (T? Value, string? Error)> parse) => new(name)
    {
        Required = true,
        Description = description,
        CustomParser = (ArgumentResult result) =>
        {
            var text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
            var (value, error) = parse(text);
            if (error is not null)
            {
                result.AddError($"{name} {text}: {error}");
            }

            return value;
        },
    };
}
