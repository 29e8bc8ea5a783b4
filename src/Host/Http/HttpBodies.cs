using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using ActorMigration.Contracts;
using Microsoft.AspNetCore.Http;

namespace ActorMigration.Host.Http;

/// <summary>Bodies and names in and out of a request; what is malformed becomes an <see cref="ApiException"/>.</summary>
internal static class HttpBodies
{
    internal static async Task<T> ReadAsync<T>(this HttpContext http, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return await JsonSerializer.DeserializeAsync(http.Request.Body, type, http.RequestAborted).ConfigureAwait(false) ?? throw new JsonException("The body is null.");
        }
        catch (JsonException e)
        {
            throw new ApiException(RequestFailure.InvalidRequest, $"The body is not a {typeof(T).Name}: {e.Message}");
        }
        catch (BadHttpRequestException e)
        {
            throw new ApiException(ApiProblem.Of(RequestFailure.InvalidRequest, $"The body cannot be read: {e.Message}") with { Status = e.StatusCode });
        }
    }

    internal static Task WriteAsync<T>(this HttpContext http, T body, JsonTypeInfo<T> type, int status = StatusCodes.Status200OK, string mediaType = "application/json")
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = mediaType;
        return JsonSerializer.SerializeAsync(http.Response.Body, body, type, http.RequestAborted);
    }

    /// <summary>A container's name from the route; one that cannot be a name is an unknown container.</summary>
    internal static ContainerName Name(this HttpContext http, string key)
    {
        var text = http.Request.RouteValues[key] as string;
        return ContainerName.IsValid(text)
            ? new ContainerName(text!)
            : throw new ApiException(MigrationFailure.UnknownContainer, $"There is no container '{text}': {ContainerName.Rule}.");
    }
}
