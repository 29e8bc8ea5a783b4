using ActorMigration.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace ActorMigration.Host.Http;

/// <summary>/v1/containers: list, run, remove.</summary>
internal sealed class ContainerRoutes(ConsoleClient console, IImageCatalog images, Func<HostJson[]> hosts, HostName self, TimeSpan stopGrace)
{
    internal void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/containers", ListAsync);
        routes.MapPost("/v1/containers", RunAsync);
        routes.MapDelete("/v1/containers/{name}", RemoveAsync);
    }

    private async Task ListAsync(HttpContext http)
    {
        var cluster = await console.AskAsync<ClusterContainers>(new ListContainers(), http.RequestAborted).ConfigureAwait(false);
        if (http.Request.Query["host"] == "this")
        {
            cluster = new ClusterContainers([.. cluster.Hosts.Where(host => host.Host == self)]);
        }

        await http.WriteAsync(ContainersJson.From(cluster), ApiJson.Default.ContainersJson).ConfigureAwait(false);
    }

    private async Task RunAsync(HttpContext http)
    {
        var request = await http.ReadAsync(ApiJson.Default.RunRequest).ConfigureAwait(false);
        RunRequestCheck.RequireEntries(request);
        var digest = images.Resolve(request.Image)
            ?? throw new ApiException(RequestFailure.UnknownImage, $"The image '{request.Image}' is not on {self}: 'amig image ls' lists what is, 'amig image import' adds one.");
        var spec = RunRequestCheck.ToSpec(request with { Env = [.. FromImage(images.EnvironmentOf(digest), request.Env), .. request.Env] }, digest);
        var cluster = await console.AskAsync<ClusterContainers>(new ListContainers(), http.RequestAborted).ConfigureAwait(false);
        RefuseAddressOfHost(spec);
        RefuseTaken(spec, cluster);
        var started = await console.AskAsync<ContainerStarted>(new RunContainer(spec, self), http.RequestAborted).ConfigureAwait(false);
        await http.WriteAsync(ContainerJson.From(started.Host, started.Status), ApiJson.Default.ContainerJson).ConfigureAwait(false);
    }

    private async Task RemoveAsync(HttpContext http)
    {
        var name = http.Name("name");
        var grace = http.Request.Query["force"] == "true" ? TimeSpan.Zero : stopGrace;
        await console.AskAsync<ContainerRemoved>(new RemoveContainer(name, (int)grace.TotalMilliseconds), http.RequestAborted).ConfigureAwait(false);
        http.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    /// <summary>What the image sets and the request does not.</summary>
    private static IEnumerable<string> FromImage(IReadOnlyList<string> image, string[] asked)
    {
        static string Key(string entry) => entry.Split('=', 2)[0];
        var given = asked.Select(Key).ToHashSet(StringComparer.Ordinal);
        return image.Where(entry => !given.Contains(Key(entry)));
    }

    /// <summary>A container with a host's address would draw that host's traffic, cut it off from the cluster, and then could not even be removed.</summary>
    private void RefuseAddressOfHost(ContainerSpec spec)
    {
        foreach (var host in hosts())
        {
            if (host.Address.Split(':')[0] == spec.Network.Address)
            {
                throw new ApiException(RequestFailure.AddressInUse, $"The address {spec.Network.Address} belongs to the host {host.Host}.");
            }
        }
    }

    /// <summary>As far as is known: hosts that are silent may have it too. For the name the voters have the last word, at the start.</summary>
    private static void RefuseTaken(ContainerSpec spec, ClusterContainers cluster)
    {
        foreach (var host in cluster.Hosts)
        {
            foreach (var other in host.Containers)
            {
                if (other.Name == spec.Name)
                {
                    throw new ApiException(RequestFailure.NameInUse, $"A container named {spec.Name} is on {host.Host} already.");
                }

                if (other.Address == spec.Network.Address)
                {
                    throw new ApiException(RequestFailure.AddressInUse, $"The address {other.Address} belongs to {other.Name} on {host.Host}.");
                }
            }
        }
    }
}
