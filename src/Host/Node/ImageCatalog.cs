using ActorMigration.Host.Http;
using ActorMigration.Host.Linux.Containers;

namespace ActorMigration.Host.Node;

/// <summary>The API's view of this host's images.</summary>
internal sealed class ImageCatalog(ImageStore images) : IImageCatalog
{
    public string? Resolve(string nameOrDigest)
    {
        try
        {
            return images.Resolve(nameOrDigest);
        }
        catch (ImageStoreException)
        {
            // The route says that there is no such image, and what to do.
            return null;
        }
    }
}
