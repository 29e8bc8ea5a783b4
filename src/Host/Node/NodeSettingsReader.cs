using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using ActorMigration.Actors;
using ActorMigration.Actors.Trust;
using ActorMigration.Contracts;
using ActorMigration.Contracts.Trust;
using ActorMigration.Host.Trust.Tpm;

namespace ActorMigration.Host.Node;

/// <summary>
/// Turns the <c>amig</c> section into <see cref="NodeSettings"/>, strictly: a missing, unknown or malformed key is a
/// <see cref="SettingsException"/> that names it. Pure; nothing on the machine is looked at.
/// </summary>
public static partial class NodeSettingsReader
{
    /// <summary>Longest name of a network interface, from include/uapi/linux/if.h (IFNAMSIZ is 16 with its NUL).</summary>
    private const int InterfaceNameMax = 15;

    /// <summary>Longest path of a Unix socket, from include/uapi/linux/un.h (UNIX_PATH_MAX is 108 with its NUL).</summary>
    private const int SocketPathMax = 107;

    /// <summary>Mbit/s: a hundred times the fastest Ethernet there is.</summary>
    private const int MostMegabits = 100_000_000;

    /// <summary>A decision with more moves would not fit into one message between hosts.</summary>
    private const int MostMoves = 200;

    public static NodeSettings Read(HoconFiles files) => Read(files, out _);

    /// <summary>Also gives every key that exists, which the documentation is compared with.</summary>
    internal static NodeSettings Read(HoconFiles files, out IReadOnlySet<string> keys)
    {
        var section = new StrictSection("amig", files);
        var settings = new NodeSettings
        {
            Host = Host(section),
            Address = Address(section),
            StateDirectory = section.AbsolutePath("state-dir", "\"/var/lib/amig\""),
            RunDirectory = section.AbsolutePath("run-dir", "\"/run/amig\""),
            ApiSocket = SocketPath(section),
            RemotePort = section.Number("remote.port", 1, IPEndPoint.MaxPort, "7070"),
            DataPort = section.Number("data.port", 1, IPEndPoint.MaxPort, "7071"),
            VoterPort = section.Number("voter.port", 1, IPEndPoint.MaxPort, "7072"),
            Seeds = Endpoints(section, "seeds", '@', "[\"h1@10.0.0.1:7070\"]"),
            Voters = Endpoints(section, "voters", '=', "[\"h1=10.0.0.1:7072\"]"),
            VoterSet = section.Number("voter.set", Contracts.VoterSet.First, int.MaxValue, "1"),
            VotersBefore = VotersBefore(section),
            Bridge = Interface(section, "network.bridge", "\"amig0\""),
            Uplink = Interface(section, "network.uplink", "\"eth1\""),
            Tpm = Tpm(section),
            TpmLimits = TpmLimits(section),
            Tracking = section.Switch("tracking"),
            Criu = section.Text("criu", "\"/usr/local/lib/amig/criu\""),
            Runc = section.Text("runc", "\"runc\""),
            CgroupPrefix = CgroupPrefix(section),
            MemoryReserve = section.Size("memory.reserve", "256 MiB"),
            DiskReserve = section.Size("disk.reserve", "512 MiB"),
            StopGrace = section.Time("containers.stop-grace", "10 s"),
            ApiDeadline = section.Time("api.deadline", "150 s"),
            Migration = Migration(section),
            AttemptTimes = AttemptTimes(section),
            VoterTimes = new VoterTimes(
                section.Time("voter.reply", "2 s"), section.Time("voter.first-back-off", "50 ms"), section.Time("voter.longest-back-off", "5 s")),
            Trust = Trust(section),
            Balance = Balance(section),
            Load = Load(section),
            HoldDirectory = HoldDirectory(section),
        };
        section.RefuseUnknownKeys();
        CheckTogether(settings);
        keys = section.Known;
        return settings;
    }

    private static MigrationSettings Migration(StrictSection section) => new()
    {
        TargetDowntime = section.Time("migration.target-downtime", "300 ms"),
        MaxRounds = section.Number("migration.max-rounds", 1, 1000, "30"),
        EvidenceMaxAge = section.Time("migration.evidence-max-age", "30 s"),
        StopDeadline = section.Time("migration.stop-deadline", "60 s"),
        VerifyMemory = section.Switch("migration.verify-memory"),
    };

    private static AttemptTimes AttemptTimes(StrictSection section) => new(
        section.Time("migration.resend", "1 s"),
        section.Time("migration.patience", "30 s"),
        section.Time("migration.prepare-patience", "600 s"),
        section.Time("migration.hand-over-patience", "300 s"),
        section.Time("migration.retry", "2 s"));

    private static TrustSettings Trust(StrictSection section)
    {
        var settings = new TrustSettings(
            section.Time("trust.interval", "60 s"),
            section.Time("trust.patience", "10 m"),
            section.Text("trust.untrusted", "stop, evacuate or leave") switch
            {
                "stop" => UntrustedAction.Stop,
                "evacuate" => UntrustedAction.Evacuate,
                "leave" => UntrustedAction.Leave,
                var other => throw new SettingsException($"The key amig.trust.untrusted is '{other}'; it must be stop, evacuate or leave."),
            });
        return settings.Patience >= settings.Interval
            ? settings
            : throw new SettingsException("The key amig.trust.patience must not be shorter than amig.trust.interval: a host that is not asked cannot answer.");
    }

    private static BalanceSettings Balance(StrictSection section)
    {
        var policy = BalancePolicy.Default with
        {
            Threshold = section.Share("balance.threshold", "12 %"),
            Goal = section.Share("balance.goal", "75 %"),
            Margin = section.Share("balance.margin", "3 %"),
            HoldRounds = section.Number("balance.hold-rounds", 1, 1000, "3"),
            Reserve = section.Share("balance.reserve", "10 %"),
            MaxMoves = section.Number("balance.max-moves", 1, MostMoves, "4"),
            MaxIn = section.Number("balance.max-moves-in", 1, MostMoves, "1"),
            MaxOut = section.Number("balance.max-moves-out", 1, MostMoves, "2"),
            Cooldown = section.Time("balance.cooldown", "10 m"),
            LongestCooldown = section.Time("balance.longest-cooldown", "24 h"),
            WorthSeconds = section.Time("balance.worth", "300 s").TotalSeconds,
        };
        return policy.LongestCooldown >= policy.Cooldown
            ? new BalanceSettings(policy, section.Time("balance.interval", "30 s"))
            : throw new SettingsException("The key amig.balance.longest-cooldown must not be shorter than amig.balance.cooldown.");
    }

    private static LoadSettings Load(StrictSection section)
    {
        const double BytesPerMegabit = 1e6 / 8;
        var settings = new LoadSettings(
            section.Time("load.interval", "5 s"),
            section.Time("load.window", "60 s"),
            section.Time("load.forget-after", "30 s"),
            section.Size("load.disk-rate", "200 MiB"),
            section.Number("load.network-mbit", 1, MostMegabits, "1000") * BytesPerMegabit,
            Labels(section))
        {
            Cores = section.NumberOrAuto("load.cores", "auto or 3.5"),
            MemoryBytes = section.SizeOrAuto("load.memory", "auto or 16 GiB"),
        };
        return !LoadWindows.All.Contains(settings.Window)
                ? throw new SettingsException($"The key amig.load.window must be one of {string.Join(", ", LoadWindows.All.Select(window => $"{window.TotalSeconds} s"))}.")
            : settings.Interval < LoadAverages.ShortestGap || settings.Interval > settings.Window / 2
                ? throw new SettingsException($"The key amig.load.interval must be from {LoadAverages.ShortestGap.TotalMilliseconds} ms to half of amig.load.window: a mean needs two samples at least.")
            : settings.ForgetAfter < settings.Interval * 2
                ? throw new SettingsException("The key amig.load.forget-after must be twice amig.load.interval or more: one sample may be late.")
            : settings.DiskBytesPerSecond <= 0
                ? throw new SettingsException("The key amig.load.disk-rate must be more than 0 B.")
            : settings;
    }

    private static string[] Labels(StrictSection section)
    {
        const string Rule = "a label has 1 to 32 characters: lower-case letters, digits and '-', and starts with a letter or digit";
        var labels = section.ListOrNone("labels", "[\"ssd\", \"rack-2\"]");
        return labels.FirstOrDefault(label => !ContainerName.IsValid(label)) is { } wrong ? throw new SettingsException($"The key amig.labels holds '{wrong}'; {Rule}.")
            : labels.GroupBy(label => label).FirstOrDefault(group => group.Count() > 1) is { } twice ? throw new SettingsException($"The key amig.labels names {twice.Key} twice.")
            : [.. labels];
    }

    private static HostName Host(StrictSection section)
    {
        var text = section.Text("host", "\"h1\"");
        return HostName.IsValid(text)
            ? new HostName(text)
            : throw new SettingsException($"The key amig.host is '{text}'; {ContainerName.Rule.Replace("container", "host", StringComparison.Ordinal)}.");
    }

    private static IPAddress Address(StrictSection section)
    {
        var text = section.Text("address", "\"10.0.0.1\"");
        return IPAddress.TryParse(text, out var address) && !address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any)
            ? address
            : throw new SettingsException($"The key amig.address is '{text}'; it must be the IP address of this host as the others reach it, for example \"10.0.0.1\".");
    }

    private static string? HoldDirectory(StrictSection section)
        => section.Text("debug.hold-dir", "off or \"/run/amig/hold\"") switch
        {
            "off" => null,
            ['/', ..] path => path,
            var other => throw new SettingsException($"The key amig.debug.hold-dir is '{other}'; it must be off or an absolute path."),
        };

    private static string SocketPath(StrictSection section)
    {
        var path = section.AbsolutePath("api-socket", "\"/run/amig/api.sock\"");
        return path.Length <= SocketPathMax
            ? path
            : throw new SettingsException($"The key amig.api-socket has {path.Length} characters; the kernel takes at most {SocketPathMax}.");
    }

    private static string Interface(StrictSection section, string key, string example)
    {
        var text = section.Text(key, example);
        return text.Length <= InterfaceNameMax && !text.Contains('/') && !text.Any(char.IsWhiteSpace)
            ? text
            : throw new SettingsException($"The key amig.{key} is '{text}'; an interface name has at most {InterfaceNameMax} characters, without '/' and blanks.");
    }

    private static string CgroupPrefix(StrictSection section)
    {
        var text = section.Text("cgroup-prefix", "\"amig\"");
        return CgroupPattern().IsMatch(text)
            ? text
            : throw new SettingsException($"The key amig.cgroup-prefix is '{text}'; it must be one path segment of letters, digits, '-', '_' and '.', for example \"amig\".");
    }

    private static TpmAddress Tpm(StrictSection section)
    {
        var text = section.Text("tpm", "\"device:/dev/tpmrm0\"");
        return TpmAddress.TryParse(text, out var address)
            ? address
            : throw new SettingsException($"The key amig.tpm is '{text}': {TpmAddress.Rule}.");
    }

    private static TpmSettings TpmLimits(StrictSection section)
    {
        var limits = new TpmSettings(
            section.Time("tpm-limits.command-deadline", "10 s"),
            section.Time("tpm-limits.first-back-off", "200 ms"),
            section.Time("tpm-limits.longest-back-off", "10 s"),
            section.Number("tpm-limits.queue-limit", 1, 100_000, "256"));
        return limits.LongestBackOff >= limits.FirstBackOff
            ? limits
            : throw new SettingsException("The key amig.tpm-limits.longest-back-off must not be shorter than amig.tpm-limits.first-back-off.");
    }

    private static List<NamedEndpoint> Endpoints(StrictSection section, string key, char separator, string example)
    {
        var list = section.List(key, example).Select(text => NamedEndpoint.TryParse(text, separator, out var one)
            ? one!
            : throw new SettingsException($"The key amig.{key} holds '{text}'; each entry must be like {example}.")).ToList();
        if (list.Count == 0)
        {
            throw new SettingsException($"The key amig.{key} is an empty list; it must be like {example}.");
        }

        return list.GroupBy(one => one.Host).FirstOrDefault(group => group.Count() > 1) is { } twice
            ? throw new SettingsException($"The key amig.{key} names host {twice.Key} twice.")
            : list;
    }

    private static List<HostName> VotersBefore(StrictSection section)
        => section.Text("voter.before", "none or \"h1,h2,h3\"") is not "none" and var names
            ? [.. names.Split(',', StringSplitOptions.TrimEntries).Select(text => HostName.IsValid(text)
                ? new HostName(text)
                : throw new SettingsException($"The key amig.voter.before holds '{text}', which is no name of a host; it must be none or like \"h1,h2,h3\"."))]
            : [];

    private static void CheckTogether(NodeSettings settings)
    {
        if (new[] { settings.RemotePort, settings.DataPort, settings.VoterPort }.Distinct().Count() < 3)
        {
            throw new SettingsException("The keys amig.remote.port, amig.data.port and amig.voter.port must be three different ports.");
        }

        // What every voter would refuse later is refused at the start.
        if (VerdictCheck.WhyNotVoters([.. settings.Voters.Select(voter => voter.Host)]) is { } whyNot)
        {
            throw new SettingsException($"The key amig.voters cannot be used: {whyNot}.");
        }

        if (VoterSetChange.WhyNotFollow(settings.VotersBefore, new VoterSet(settings.VoterSet, [.. settings.Voters.Select(voter => voter.Host)])) is { } why)
        {
            throw new SettingsException($"The key amig.voters cannot be used: {why}.");
        }

        if (settings.AttemptTimes.HandOverPatience <= settings.Migration.StopDeadline)
        {
            throw new SettingsException("The key amig.migration.hand-over-patience must be longer than amig.migration.stop-deadline.");
        }

        CheckOwnEntry(settings, "voters", settings.Voters, settings.VoterPort);
        CheckOwnEntry(settings, "seeds", settings.Seeds, settings.RemotePort);
    }

    private static void CheckOwnEntry(NodeSettings settings, string key, IReadOnlyList<NamedEndpoint> entries, int port)
    {
        var own = new IPEndPoint(settings.Address, port);
        if (entries.FirstOrDefault(one => one.Host == settings.Host) is { } entry && !entry.EndPoint.Equals(own))
        {
            throw new SettingsException($"The key amig.{key} has this host, {settings.Host}, at {entry.EndPoint}, but it listens at {own} by amig.address and its port key.");
        }
    }

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    private static partial Regex CgroupPattern();
}
