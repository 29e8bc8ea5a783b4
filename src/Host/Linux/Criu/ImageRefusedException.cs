namespace ActorMigration.Host.Linux.Criu;

/// <summary>Images that came from another host ask for more than their spec allows. CRIU, which trusts its images and runs as root, never sees them.</summary>
/// <param name="image">File.</param>
/// <param name="why">One clause for the operator.</param>
public sealed class ImageRefusedException(string image, string why) : IOException($"the CRIU image {image} is refused: {why}")
{
    public string Image { get; } = image;
}
