namespace ActorMigration.Host.Http;

/// <summary>The images of this host, as the HTTP side needs them.</summary>
public interface IImageCatalog
{
    /// <summary>Digest of the manifest that a name or digest means; null when it is not here.</summary>
    string? Resolve(string nameOrDigest);

    /// <summary>KEY=VALUE entries that the image gives its containers, PATH above all.</summary>
    IReadOnlyList<string> EnvironmentOf(string digest);

    /// <summary>Every name with the digest of its manifest.</summary>
    IReadOnlyList<(string Name, string Digest)> List();

    /// <summary>Brings a directory, tar or OCI layout into the store; returns the manifest's digest. Throws <see cref="ApiException"/> with what is wrong.</summary>
    Task<string> ImportAsync(string path, string name, CancellationToken cancel);
}
