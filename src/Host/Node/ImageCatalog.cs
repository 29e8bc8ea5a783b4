using ActorMigration.Host.Http;
using ActorMigration.Host.Linux.Containers;
using ActorMigration.Host.Linux.Processes;

namespace ActorMigration.Host.Node;

/// <summary>The API's view of this host's images.</summary>
internal sealed class ImageCatalog(ImageStore images, TimeProvider time) : IImageCatalog
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

    public IReadOnlyList<string> EnvironmentOf(string digest) => images.Manifest(digest).Config.Env;

    public IReadOnlyList<(string Name, string Digest)> List() => images.List();

    public async Task<string> ImportAsync(string path, string name, CancellationToken cancel)
    {
        try
        {
            return await new ImageImport(images, time).ImportAsync(path, name, config: null, cancel).ConfigureAwait(false);
        }
        catch (Exception refused) when (refused is ImageStoreException or ToolFailedException or IOException)
        {
            throw new ApiException(RequestFailure.InvalidRequest, $"{path} cannot be imported as {name}: {refused.Message}");
        }
    }
}
