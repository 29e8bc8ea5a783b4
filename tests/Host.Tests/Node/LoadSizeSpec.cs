using ActorMigration.Contracts;
using ActorMigration.Host.Node;
using Akka.Actor;
using Xunit.Abstractions;

namespace ActorMigration.Host.Tests.Node;

/// <summary>What a look of the balancer costs on the wire, and how many containers a host may have before it could not tell its load in one message (docs/balancing.md).</summary>
public sealed class LoadSizeSpec : IDisposable
{
    private readonly ActorSystem _system = ActorSystem.Create("sizes", "akka { loglevel = OFF, stdout-loglevel = OFF }");
    private readonly ITestOutputHelper _output;

    public LoadSizeSpec(ITestOutputHelper output) => _output = output;

    public void Dispose() => _system.Dispose();

    [Fact]
    public void The_load_of_a_thousand_containers_fits_into_a_message()
    {
        var serializer = new AmigWireSerializer((ExtendedActorSystem)_system);
        foreach (var containers in (int[])[0, 24, 100, 1000])
        {
            var load = new HostLoad(
                new HostName("host-123"), new Resources(32, 128e9, 200e6, 125e6), new Resources(0.7, 3e9, 1e6, 1e6), 0.1, HostStanding.Accepts, ["ssd", "rack-2"],
                [.. Enumerable.Range(0, containers).Select(i => new ContainerLoad(
                    new ContainerName($"container-{i:0000}-of-some-customer"), new Fence(17, 3), new Resources(0.123456, 1.23456e9, 12_345.6, 65_432.1), 1.1e9, 2.3e6, new ContainerPlacement(false, ["ssd"], "web", "")))]);
            var bytes = serializer.ToBinary(new LoadTold(load)).Length;

            _output.WriteLine($"{containers} containers: {bytes} bytes");
            Assert.True(bytes <= IWire.MaxBytes, $"{containers} containers take {bytes} bytes of {IWire.MaxBytes}");
        }
    }
}
