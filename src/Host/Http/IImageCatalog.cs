namespace ActorMigration.Host.Http;

/// <summary>The images of this host, as the HTTP side needs them.</summary>
public interface IImageCatalog
{
    /// <summary>Digest of the manifest that a name or digest means; null when it is not here.</summary>
    string? Resolve(string nameOrDigest);
}
