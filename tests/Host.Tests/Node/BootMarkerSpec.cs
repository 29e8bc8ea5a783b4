using ActorMigration.Host.Node;
using Microsoft.Extensions.Logging.Abstractions;

namespace ActorMigration.Host.Tests.Node;

/// <summary>Whether a host was booted since its daemon ran last.</summary>
public sealed class BootMarkerSpec : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("amig-boot").FullName;

    private string File => Path.Combine(_directory, BootMarker.FileName);

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void The_first_start_of_a_boot_is_told_from_a_later_one()
    {
        var first = new BootMarker(File, "b1");
        Assert.True(first.WasBooted);
        // A daemon that ends before it has taken its journal up leaves that to the next one.
        Assert.True(new BootMarker(File, "b1").WasBooted);
        first.Note(NullLogger.Instance);

        Assert.False(new BootMarker(File, "b1").WasBooted);
        Assert.True(new BootMarker(File, "b2").WasBooted);
    }

    [Fact]
    public void A_disk_that_takes_nothing_does_not_keep_the_daemon_from_starting()
    {
        var marker = new BootMarker(Path.Combine(_directory, "gone", BootMarker.FileName), "b1");

        marker.Note(NullLogger.Instance);

        Assert.True(marker.WasBooted);
    }
}
