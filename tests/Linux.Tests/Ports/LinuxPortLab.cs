using System.Net.Sockets;
using ActorMigration.Contracts;
using ActorMigration.Linux.Tests.Network;
using ActorMigration.Ports.Contract;

namespace ActorMigration.Linux.Tests.Ports;

/// <summary>
/// Two hosts on this kernel: a network namespace, state and run directories, a cgroup and a port host's process each. The container is a real one, of busybox. Only
/// host A has its image.
/// </summary>
internal sealed class LinuxPortLab : IPortLab
{
    /// <summary>What answers (be it with a reset) does so within this, on a loaded machine.</summary>
    private static readonly TimeSpan AnswerDeadline = TimeSpan.FromMilliseconds(400);

    /// <summary>Counts in the length of a file, which is right at every instant at which it may be frozen; with a child for each wait, so that the tree changes all the time.</summary>
    private const string Counter = "while :; do printf x >> /count; usleep 5000; done";

    private readonly SegmentLab _segment = new();
    private readonly string _suffix = Guid.NewGuid().ToString("N")[..8];
    private readonly LinuxPortHost _a;
    private readonly LinuxPortHost _b;

    private LinuxPortLab()
    {
        _a = new LinuxPortHost("a", _segment, "A", "10.91.0.1", _suffix);
        _b = new LinuxPortHost("b", _segment, "B", "10.91.0.2", _suffix);
    }

    public ContainerSpec Spec { get; private set; } = null!;

    public IPortHost A => _a;

    public IPortHost B => _b;

    internal static async Task<IPortLab> StartAsync()
    {
        var lab = new LinuxPortLab();
        try
        {
            lab.Spec = new ContainerSpec(
                new ContainerName($"c{lab._suffix}"), await lab._a.ImportImageAsync(), ["/bin/sh", "-c", Counter], ["PATH=/bin"], "/", 0, 0,
                lab._segment.Network with { Gateway = "" }, new ContainerLimits(0, 0, 0), [], 15)
            {
                Placement = new ContainerPlacement(true, ["ssd", "rack-2"], "web", "cache"),
            };
            await Task.WhenAll(lab._a.StartAsync(), lab._b.StartAsync());
            return lab;
        }
        catch
        {
            await lab.DisposeAsync();
            throw;
        }
    }

    public async Task<bool> ContainerAnswersAsync()
    {
        using var socket = _segment.In("client", () => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        using var deadline = new CancellationTokenSource(AnswerDeadline);
        try
        {
            await socket.ConnectAsync(_segment.Address, 9, deadline.Token);
            return true;
        }
        catch (SocketException refused) when (refused.SocketErrorCode == SocketError.ConnectionRefused)
        {
            // Nobody listens, and the container's own kernel says so.
            return true;
        }
        catch (Exception silence) when (silence is OperationCanceledException or SocketException)
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _a.DisposeAsync();
        await _b.DisposeAsync();
        _segment.Dispose();
    }
}
