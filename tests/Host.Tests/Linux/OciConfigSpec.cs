using System.Text.Json.Nodes;
using ActorMigration.Contracts;
using ActorMigration.Host.Linux.Containers;

namespace ActorMigration.Host.Tests.Linux;

public class OciConfigSpec
{
    internal static readonly ContainerSpec Spec = new(
        new ContainerName("redis"), "sha256:" + new string('a', 64), ["/usr/bin/redis-server", "--port", "6379"], ["PATH=/usr/bin", "HOME=/data"], "/data", 0, 0,
        new ContainerNetwork("10.77.0.50", 24, "02:42:0a:4d:00:32", "", 1500), new ContainerLimits(512 << 20, 1500, 64), ["/scratch"], 15);

    private static readonly ContainerPlace Place = new("/state/containers/redis/root", "/run/netns/redis", "/amig/h1/redis-e1o0");

    [Fact]
    public void The_whole_config_follows_from_spec_policy_and_place()
    {
        var config = JsonNode.Parse(OciConfig.Generate(Spec, Place))!.AsObject();

        Assert.Equal(["ociVersion", "process", "root", "hostname", "mounts", "linux"], config.Select(pair => pair.Key));
        Assert.Equal(["terminal", "user", "args", "env", "cwd", "capabilities", "rlimits", "noNewPrivileges"], config["process"]!.AsObject().Select(pair => pair.Key));
        Assert.Equal(["cgroupsPath", "namespaces", "maskedPaths", "readonlyPaths", "resources", "seccomp"], config["linux"]!.AsObject().Select(pair => pair.Key));
        Assert.Equal("""{"path":"/state/containers/redis/root","readonly":false}""", config["root"]!.ToJsonString());
        Assert.Equal("""["/usr/bin/redis-server","--port","6379"]""", config["process"]!["args"]!.ToJsonString());
        Assert.Equal("""["PATH=/usr/bin","HOME=/data"]""", config["process"]!["env"]!.ToJsonString());
        Assert.True(config["process"]!["noNewPrivileges"]!.GetValue<bool>());
        Assert.Equal(
            ["/proc proc proc", "/dev tmpfs tmpfs", "/dev/pts devpts devpts", "/dev/shm tmpfs shm", "/sys sysfs sysfs", "/scratch tmpfs tmpfs"],
            config["mounts"]!.AsArray().Select(mount => $"{mount!["destination"]} {mount["type"]} {mount["source"]}"));
        Assert.DoesNotContain(config["mounts"]!.AsArray(), mount => mount!["options"]!.AsArray().Any(option => option!.ToString().Contains("bind")));
        Assert.Equal("""["pid","ipc","uts","mount","network"]""", new JsonArray([.. config["linux"]!["namespaces"]!.AsArray().Select(ns => JsonValue.Create(ns!["type"]!.ToString()))]).ToJsonString());
        Assert.Equal("/run/netns/redis", config["linux"]!["namespaces"]![4]!["path"]!.ToString());
        Assert.Equal("/amig/h1/redis-e1o0", config["linux"]!["cgroupsPath"]!.ToString());
        Assert.Equal(
            """{"devices":[{"allow":false,"access":"rwm"}],"memory":{"limit":536870912},"cpu":{"quota":150000,"period":100000},"pids":{"limit":64}}""",
            config["linux"]!["resources"]!.ToJsonString());
        Assert.Contains("io_uring_setup", config["linux"]!["seccomp"]!.ToJsonString());
    }

    [Fact]
    public void Only_a_restore_names_a_config_file_of_CRIU()
    {
        Assert.DoesNotContain("annotations", OciConfig.Generate(Spec, Place));

        var restored = JsonNode.Parse(OciConfig.Generate(Spec, Place with { CriuConfig = "/attempt/criu.conf" }))!;
        Assert.Equal("""{"org.criu.config":"/attempt/criu.conf"}""", restored["annotations"]!.ToJsonString());
    }

    [Fact]
    public void No_limit_of_its_own_means_none_in_the_config()
    {
        var config = JsonNode.Parse(OciConfig.Generate(Spec with { Limits = new ContainerLimits(0, 0, 0) }, Place))!;

        Assert.Equal("""{"devices":[{"allow":false,"access":"rwm"}]}""", config["linux"]!["resources"]!.ToJsonString());
    }

    [Fact]
    public void Others_than_root_get_no_effective_capability()
    {
        var capabilities = JsonNode.Parse(OciConfig.Generate(Spec with { Uid = 999 }, Place))!["process"]!["capabilities"]!;

        Assert.Equal("[]", capabilities["effective"]!.ToJsonString());
        Assert.Equal("[]", capabilities["permitted"]!.ToJsonString());
        Assert.DoesNotContain("CAP_SYS_ADMIN", capabilities.ToJsonString());
        Assert.DoesNotContain("CAP_NET_RAW", capabilities.ToJsonString());
    }

    public static TheoryData<ContainerSpec, string> Refused => new()
    {
        { Spec with { Args = [] }, "needs a program" },
        { Spec with { Env = ["NOEQUALS"] }, "KEY=VALUE" },
        { Spec with { Env = ["A=\0"] }, "NUL" },
        { Spec with { WorkingDirectory = "data" }, "working directory" },
        { Spec with { WorkingDirectory = "/a/../b" }, "working directory" },
        { Spec with { Tmpfs = ["/proc"] }, "tmpfs" },
        { Spec with { Tmpfs = ["/dev/shm"] }, "tmpfs" },
        { Spec with { Tmpfs = ["/a/../proc"] }, "tmpfs" },
        { Spec with { Tmpfs = ["/"] }, "tmpfs" },
        { Spec with { Tmpfs = ["/a", "/a"] }, "twice" },
        { Spec with { Uid = -1 }, "negative" },
        { Spec with { Limits = new ContainerLimits(-1, 0, 0) }, "negative" },
        { Spec with { StopSignal = 0 }, "signal" },
        { Spec with { Name = new ContainerName("../x") }, "name" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void A_spec_that_asks_for_more_is_refused(ContainerSpec spec, string word)
        => Assert.Contains(word, Assert.Throws<ArgumentException>(() => OciConfig.Generate(spec, Place)).Message);
}
