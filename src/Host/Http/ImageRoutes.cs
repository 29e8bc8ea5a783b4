using ActorMigration.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace ActorMigration.Host.Http;

/// <summary>/v1/images: list and import. Images are this host's own; a migration takes the layers along by itself.</summary>
internal sealed class ImageRoutes(IImageCatalog images)
{
    internal void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/images", http => http.WriteAsync(new ImagesJson([.. images.List().Select(image => new ImageJson(image.Name, image.Digest))]), ApiJson.Default.ImagesJson));
        routes.MapPost("/v1/images", ImportAsync);
    }

    private async Task ImportAsync(HttpContext http)
    {
        var request = await http.ReadAsync(ApiJson.Default.ImportRequest).ConfigureAwait(false);
        if (!ContainerName.IsValid(request.Name))
        {
            throw new ApiException(RequestFailure.InvalidRequest, $"'{request.Name}' cannot name an image: {ContainerName.Rule.Replace("container", "image", StringComparison.Ordinal)}.");
        }

        if (!Path.IsPathRooted(request.Path))
        {
            throw new ApiException(RequestFailure.InvalidRequest, $"'{request.Path}' is not an absolute path on this host.");
        }

        var digest = await images.ImportAsync(request.Path, request.Name, http.RequestAborted).ConfigureAwait(false);
        await http.WriteAsync(new ImageJson(request.Name, digest), ApiJson.Default.ImageJson).ConfigureAwait(false);
    }
}

/// <summary>Body of an import.</summary>
/// <param name="Path">Absolute path on the daemon's host: directory, tar or OCI layout.</param>
/// <param name="Name">Name that the image gets here.</param>
internal sealed record ImportRequest(string Path, string Name);

/// <summary>One image.</summary>
/// <param name="Name">Name on this host.</param>
/// <param name="Digest">Of its manifest.</param>
internal sealed record ImageJson(string Name, string Digest);

/// <summary>All images of a host.</summary>
internal sealed record ImagesJson(ImageJson[] Images);
