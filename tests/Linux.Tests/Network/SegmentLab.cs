using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using ActorMigration.Contracts;
using ActorMigration.Host.Linux.Network;

namespace ActorMigration.Linux.Tests.Network;

/// <summary>
/// Two hosts and a client on one switch, as network namespaces: host A and B each with bridge br0 and uplink up0, one more client behind
/// each host's bridge. Built with iproute2, so that the code under test does not build its own test bed. All names are random; Dispose takes all away.
/// </summary>
public sealed class SegmentLab : IDisposable
{
    public const string Bridge = "br0";
    public const string Uplink = "up0";
    private readonly string _prefix = "amt" + Convert.ToHexStringLower(Guid.NewGuid().ToByteArray()[..3]);
    private readonly List<string> _namespaces = [];

    public SegmentLab()
    {
        NetnsDirectory = Directory.CreateTempSubdirectory("amig-netns-").FullName;
        AddNamespace("sw");
        Ip("sw", "link add br0 type bridge stp_state 0 forward_delay 0");
        Ip("sw", "link set br0 up");
        foreach (var (host, number) in new[] { ("A", 1), ("B", 2) })
        {
            AddNamespace(host);
            Ip(host, "link add br0 type bridge stp_state 0 forward_delay 0");
            Ip(host, "link set br0 up");
            Connect("sw", "to" + host, host, Uplink);
            Ip(host, $"link set {Uplink} master br0");
            Ip(host, $"addr add 10.91.0.{number}/24 dev br0");
            AddClient("client" + host, host, $"10.91.0.{10 + number}");
        }
        AddClient("client", "sw", "10.91.0.10");
    }

    public string NetnsDirectory { get; }

    public ContainerNetwork Network { get; } = new("10.91.0.50", 24, "02:00:0a:5b:00:32", "10.91.0.1", 1500);

    public IPAddress Address => IPAddress.Parse(Network.Address);

    public string PathOf(string name) => $"/run/netns/{_prefix}{name}";

    /// <summary>Runs on a thread of its own inside the namespace.</summary>
    public T In<T>(string name, Func<T> what) => InPath(PathOf(name), what);

    public static T InPath<T>(string path, Func<T> what)
    {
        T result = default!;
        NetworkNamespace.Enter(path, () => result = what());
        return result;
    }

    public static Socket UdpServer(string path, int port = 7)
        => InPath(path, () =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            socket.SetRawSocketOption(1, 33, BitConverter.GetBytes(16 << 20));   // SO_RCVBUFFORCE: the test counts what the port delivers, not what a socket can queue
            socket.Bind(new IPEndPoint(IPAddress.Any, port));
            return socket;
        });

    public Socket UdpClient(string name, int port = 7)
        => In(name, () =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            socket.Connect(Address, port);
            return socket;
        });

    public string Ip(string name, string arguments) => Run("ip", $"-n {_prefix}{name} {arguments}");

    public static string Run(string program, string arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEnd();
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"`{program} {arguments}` exited with {process.ExitCode}: {error}");
    }

    public void Dispose()
    {
        foreach (var file in Directory.GetFiles(NetnsDirectory))
        {
            NetworkNamespace.Remove(file);
        }
        foreach (var name in _namespaces)
        {
            Run("ip", $"netns del {name}");
        }
        Directory.Delete(NetnsDirectory, recursive: true);
    }

    private void AddNamespace(string name)
    {
        Run("ip", $"netns add {_prefix}{name}");
        _namespaces.Add(_prefix + name);
        Ip(name, "link set lo up");
    }

    private void AddClient(string name, string behind, string address)
    {
        AddNamespace(name);
        Connect(behind, "to" + name, name, "eth0");
        Ip(name, $"addr add {address}/24 dev eth0");
    }

    private void Connect(string inner, string port, string outer, string name)
    {
        Ip(inner, $"link add {port} type veth peer name {name} netns {_prefix}{outer}");
        Ip(inner, $"link set {port} up master br0");
        Ip(outer, $"link set {name} up");
    }
}
