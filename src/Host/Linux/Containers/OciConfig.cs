using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using ActorMigration.Contracts;

namespace ActorMigration.Host.Linux.Containers;

/// <summary>
/// The whole config.json of a container, from spec, host policy and place only: no file that was sent is ever merged in, there are no
/// hooks, no devices and no bind mounts. Generated for every start and every restore.
/// </summary>
public static class OciConfig
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>Writes <c>config.json</c> into a bundle directory.</summary>
    public static void Write(string bundle, ContainerSpec spec, ContainerPlace place)
        => File.WriteAllText(Path.Combine(bundle, "config.json"), Generate(spec, place));

    /// <summary>The text of config.json (OCI runtime spec 1.0.2).</summary>
    public static string Generate(ContainerSpec spec, ContainerPlace place)
    {
        SpecCheck.Validate(spec);
        var config = new JsonObject
        {
            ["ociVersion"] = "1.0.2",
            ["process"] = Process(spec),
            ["root"] = new JsonObject { ["path"] = place.RootFileSystem, ["readonly"] = false },
            ["hostname"] = spec.Name.Value,
            ["mounts"] = Mounts(spec),
            ["linux"] = Linux(spec, place),
        };
        if (place.CriuConfig.Length > 0)
        {
            config["annotations"] = new JsonObject { ["org.criu.config"] = place.CriuConfig };
        }

        return config.ToJsonString(Indented);
    }

    private static JsonObject Process(ContainerSpec spec)
    {
        // runc would hand effective capabilities to any user: for others than root they are only the bound of what setuid programs may get,
        // and no_new_privs closes that.
        var granted = spec.Uid == 0 ? HostPolicy.Capabilities : [];
        return new JsonObject
        {
            ["terminal"] = false,
            ["user"] = new JsonObject { ["uid"] = spec.Uid, ["gid"] = spec.Gid },
            ["args"] = Strings(spec.Args),
            ["env"] = Strings(spec.Env),
            ["cwd"] = spec.WorkingDirectory,
            ["capabilities"] = new JsonObject
            {
                ["bounding"] = Strings(HostPolicy.Capabilities),
                ["effective"] = Strings(granted),
                ["permitted"] = Strings(granted),
            },
            ["rlimits"] = new JsonArray(
                Limit("RLIMIT_NOFILE", HostPolicy.OpenFiles),
                // A core file would put the container's memory on a disk.
                Limit("RLIMIT_CORE", 0)),
            ["noNewPrivileges"] = true,
        };
    }

    private static JsonArray Mounts(ContainerSpec spec)
    {
        var mounts = new JsonArray(
            Mount("/proc", "proc", "proc", "nosuid", "noexec", "nodev"),
            Mount("/dev", "tmpfs", "tmpfs", "nosuid", "noexec", "strictatime", "mode=755", "size=64k"),
            Mount("/dev/pts", "devpts", "devpts", "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"),
            Mount("/dev/shm", "tmpfs", "shm", "nosuid", "noexec", "nodev", "mode=1777", $"size={HostPolicy.ShmBytes}"),
            Mount("/sys", "sysfs", "sysfs", "nosuid", "noexec", "nodev", "ro"));
        foreach (var path in spec.Tmpfs)
        {
            mounts.Add(Mount(path, "tmpfs", "tmpfs", "nosuid", "nodev", "mode=1777"));
        }

        return mounts;
    }

    private static JsonObject Linux(ContainerSpec spec, ContainerPlace place) => new()
    {
        ["cgroupsPath"] = place.CgroupsPath,
        ["namespaces"] = new JsonArray(
            new JsonObject { ["type"] = "pid" },
            new JsonObject { ["type"] = "ipc" },
            new JsonObject { ["type"] = "uts" },
            new JsonObject { ["type"] = "mount" },
            new JsonObject { ["type"] = "network", ["path"] = place.NetworkNamespace }),
        ["maskedPaths"] = Strings(HostPolicy.MaskedFiles),
        ["readonlyPaths"] = Strings(HostPolicy.ReadonlyPaths),
        ["resources"] = Resources(spec.Limits),
        ["seccomp"] = Seccomp(),
    };

    private static JsonObject Resources(ContainerLimits limits)
    {
        const int periodMicroseconds = 100_000;
        var resources = new JsonObject
        {
            // Nothing but what runc itself adds for every container (null, zero, full, tty, random, urandom, ptys).
            ["devices"] = new JsonArray(new JsonObject { ["allow"] = false, ["access"] = "rwm" }),
        };
        if (limits.MemoryBytes > 0)
        {
            resources["memory"] = new JsonObject { ["limit"] = limits.MemoryBytes };
        }

        if (limits.CpuMillis > 0)
        {
            resources["cpu"] = new JsonObject { ["quota"] = (long)limits.CpuMillis * (periodMicroseconds / 1000), ["period"] = periodMicroseconds };
        }

        if (limits.Pids > 0)
        {
            resources["pids"] = new JsonObject { ["limit"] = limits.Pids };
        }

        return resources;
    }

    private static JsonObject Seccomp() => new()
    {
        ["defaultAction"] = "SCMP_ACT_ALLOW",
        // Calls of an architecture that is not named kill their task.
        ["architectures"] = RuntimeInformation.ProcessArchitecture == Architecture.Arm64
            ? new JsonArray("SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM")
            : new JsonArray("SCMP_ARCH_X86_64", "SCMP_ARCH_X86"),
        ["syscalls"] = new JsonArray(
            new JsonObject { ["names"] = Strings(HostPolicy.AbsentCalls), ["action"] = "SCMP_ACT_ERRNO", ["errnoRet"] = Interop.Errno.ENOSYS },
            new JsonObject { ["names"] = Strings(HostPolicy.ForbiddenCalls), ["action"] = "SCMP_ACT_ERRNO", ["errnoRet"] = Interop.Errno.EPERM }),
    };

    private static JsonObject Mount(string destination, string type, string source, params string[] options)
        => new() { ["destination"] = destination, ["type"] = type, ["source"] = source, ["options"] = Strings(options) };

    private static JsonObject Limit(string type, long value) => new() { ["type"] = type, ["hard"] = value, ["soft"] = value };

    private static JsonArray Strings(IEnumerable<string> values) => new([.. values.Select(value => JsonValue.Create(value))]);
}
