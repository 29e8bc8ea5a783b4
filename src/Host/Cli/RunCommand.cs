using System.CommandLine;
using ActorMigration.Contracts;
using ActorMigration.Host.Http;

namespace ActorMigration.Host.Cli;

/// <summary><c>amig run</c>: starts a container on this host. What is malformed is refused here; what is impossible, by the daemon.</summary>
internal static class RunCommand
{
    private const int DefaultMtu = 1500;
    private const int SignalTerm = 15;

    /// <summary>Kernel limits of an MTU that carries IPv4 (RFC 791) on Ethernet with jumbo frames.</summary>
    private const int LeastMtu = 576, MostMtu = 9216;

    internal static Command Create(CliContext context)
    {
        var image = new Option<string>("--image") { Description = "Image by name or sha256 digest.", HelpName = "NAME|DIGEST", Required = true };
        var name = new Option<string>("--name") { Description = "Name, unique in the cluster.", HelpName = "NAME", Required = true };
        var ip = new Option<string>("--ip") { Description = "Fixed IPv4 address with prefix; it moves with the container.", HelpName = "ADDRESS/PREFIX", Required = true };
        var mac = new Option<string>("--mac") { Description = "Fixed MAC; derived from the name if not given.", HelpName = "MAC", DefaultValueFactory = _ => "" };
        var gateway = new Option<string>("--gateway") { Description = "Default route.", HelpName = "ADDRESS", DefaultValueFactory = _ => "" };
        var mtu = new Option<int>("--mtu") { Description = "Bytes; equal on all hosts.", HelpName = "BYTES", DefaultValueFactory = _ => DefaultMtu };
        var memory = new Option<string>("--memory") { Description = "Memory limit: 512m, 2g; none if not given.", HelpName = "SIZE", DefaultValueFactory = _ => "0" };
        var cpus = new Option<string?>("--cpus") { Description = "CPU limit in cores, such as 1.5; none if not given.", HelpName = "CORES" };
        var pids = new Option<int>("--pids") { Description = "Most tasks; 0 for no limit.", HelpName = "COUNT", DefaultValueFactory = _ => 0 };
        var env = new Option<string[]>("--env", "-e") { Description = "Environment variable; repeatable.", HelpName = "KEY=VALUE", DefaultValueFactory = _ => [] };
        var tmpfs = new Option<string[]>("--tmpfs") { Description = "Extra tmpfs mount; repeatable.", HelpName = "PATH", DefaultValueFactory = _ => [] };
        var user = new Option<string>("--user") { Description = "Numeric user and group of the first process.", HelpName = "UID[:GID]", DefaultValueFactory = _ => "0:0" };
        var workdir = new Option<string>("--workdir") { Description = "Working directory.", HelpName = "PATH", DefaultValueFactory = _ => "/" };
        var pin = new Option<bool>("--pin") { Description = "Moved by nobody but you: not to balance, and not when its host is drained." };
        var labels = new Option<string[]>("--require-label") { Description = "Only on hosts with this label (amig.labels); repeatable.", HelpName = "LABEL", DefaultValueFactory = _ => [] };
        var apart = new Option<string>("--apart-from") { Description = "Never on one host with another container that names the same group here.", HelpName = "GROUP", DefaultValueFactory = _ => "" };
        var together = new Option<string>("--together-with") { Description = "On one host with the containers that name the same group here.", HelpName = "GROUP", DefaultValueFactory = _ => "" };
        var args = new Argument<string[]>("ARGS") { Description = "Program and its arguments, after --.", Arity = ArgumentArity.OneOrMore };

        name.RefuseIf(text => ContainerName.IsValid(text) ? null : $"--name '{text}' is not a name: {ContainerName.Rule}.");
        ip.RefuseIf(text => Quantities.TryParseAddress(text, out _, out _) ? null : $"--ip '{text}' is not an IPv4 address with prefix, such as 10.0.0.5/24.");
        memory.RefuseIf(text => Quantities.TryParseBytes(text, out _) ? null : $"--memory '{text}' is not a size, such as 512m or 2g.");
        cpus.RefuseIf(text => text is null || Quantities.TryParseCpus(text, out _) ? null : $"--cpus '{text}' is not a number of cores, such as 1.5.");
        user.RefuseIf(text => Quantities.TryParseUser(text, out _, out _) ? null : $"--user '{text}' is not numeric, such as 999:999.");
        workdir.RefuseIf(text => text.StartsWith('/') ? null : $"--workdir '{text}' is not an absolute path.");
        pids.RefuseIf(count => count >= 0 ? null : "--pids cannot be negative.");
        mtu.RefuseIf(bytes => bytes is >= LeastMtu and <= MostMtu ? null : $"--mtu must be from {LeastMtu} to {MostMtu}.");
        env.RefuseIf(all => all.FirstOrDefault(one => one.IndexOf('=') < 1) is { } bad ? $"--env '{bad}' is not KEY=VALUE." : null);
        tmpfs.RefuseIf(all => all.FirstOrDefault(one => !one.StartsWith('/')) is { } bad ? $"--tmpfs '{bad}' is not an absolute path." : null);
        labels.RefuseIf(all => all.FirstOrDefault(one => !ContainerName.IsValid(one)) is { } bad ? $"--require-label '{bad}' is not a label: {NameRule("label")}." : null);
        apart.RefuseIf(text => text.Length == 0 || ContainerName.IsValid(text) ? null : $"--apart-from '{text}' is not a group: {NameRule("group")}.");
        together.RefuseIf(text => text.Length == 0 || ContainerName.IsValid(text) ? null : $"--together-with '{text}' is not a group: {NameRule("group")}.");

        return context.Ask("run", "Start a container on this host.", async (parsed, client, cancel) =>
        {
            _ = Quantities.TryParseAddress(parsed.GetValue(ip)!, out var address, out var prefix);
            _ = Quantities.TryParseBytes(parsed.GetValue(memory)!, out var bytes);
            _ = Quantities.TryParseUser(parsed.GetValue(user)!, out var uid, out var gid);
            var millis = 0;
            _ = parsed.GetValue(cpus) is { } cores && Quantities.TryParseCpus(cores, out millis);
            var request = new RunRequest(
                parsed.GetValue(name)!,
                parsed.GetValue(image)!,
                parsed.GetValue(args)!,
                parsed.GetValue(env)!,
                parsed.GetValue(workdir)!,
                uid,
                gid,
                address,
                prefix,
                parsed.GetValue(mac)!,
                parsed.GetValue(gateway)!,
                parsed.GetValue(mtu),
                bytes,
                millis,
                parsed.GetValue(pids),
                parsed.GetValue(tmpfs)!,
                SignalTerm,
                parsed.GetValue(pin),
                parsed.GetValue(labels)!,
                parsed.GetValue(apart)!,
                parsed.GetValue(together)!);
            var started = await client.PostAsync("/v1/containers", request, ApiJson.Default.RunRequest, ApiJson.Default.ContainerJson, cancel).ConfigureAwait(false);
            context.Print(parsed, started, ApiJson.Default.ContainerJson, it => context.Terminal.Out.WriteLine(it.State == nameof(ContainerState.Exited)
                ? $"{it.Name} was started on {it.Host} and has ended already (epoch {it.Epoch}): 'amig rm {it.Name}' removes it."
                : $"{it.Name} runs on {it.Host} at {it.Address} (pid {it.InitPid}, epoch {it.Epoch})."));
            return ExitCode.Ok;
        }, image, name, ip, mac, gateway, mtu, memory, cpus, pids, env, tmpfs, user, workdir, pin, labels, apart, together, args);
    }

    private static string NameRule(string of) => ContainerName.Rule.Replace("container name", of, StringComparison.Ordinal);
}
