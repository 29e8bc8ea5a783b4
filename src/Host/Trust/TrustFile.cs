using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ActorMigration.Host.Trust;

/// <summary>
/// Files of keys, certificates and enrolment steps: written whole or not at all (a temporary name, then a rename), secret ones never
/// readable by others, not even for a moment. Errors are <see cref="TrustException"/>.
/// </summary>
internal static class TrustFile
{
    /// <summary>Bytes. The largest, a request with three endorsement certificates, has under 10 KiB.</summary>
    private const int MaxBytes = 1024 * 1024;

    private const UnixFileMode Secret = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Open = Secret | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode PrivateDirectory = Secret | UnixFileMode.UserExecute;

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true,
        AllowDuplicateProperties = false,
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter() },
    };

    public static void CreateDirectory(string path) => Guard("make directory", path, () => Directory.CreateDirectory(path, PrivateDirectory));

    public static void Write(string path, byte[] content, bool secret = false) => Guard("write", path, () =>
    {
        var temporary = path + "." + RandomNumberGenerator.GetHexString(8, lowercase: true);
        try
        {
            using (var file = new FileStream(
                temporary,
                new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = secret ? Secret : Open }))
            {
                file.Write(content);
                file.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }

        return 0;
    });

    public static byte[] Read(string path) => Guard("read", path, () =>
    {
        var length = new FileInfo(path).Length;
        return length <= MaxBytes ? File.ReadAllBytes(path) : throw new IOException($"it has {length} bytes, more than {MaxBytes}");
    });

    public static byte[] ToJson<T>(T value) => JsonSerializer.SerializeToUtf8Bytes(value, Json);

    /// <summary>Reads one of the enrolment's files; <paramref name="what"/> says which, for the error.</summary>
    public static T ReadJson<T>(string path, string what)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize<T>(Read(path), Json) ?? throw new TrustException($"{path} is not {what}: it is the word null");
        }
        catch (JsonException e)
        {
            throw new TrustException($"{path} is not {what}: {e.Message}", e);
        }
    }

    private static T Guard<T>(string doing, string path, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TrustException($"cannot {doing} {path}: {e.Message}", e);
        }
    }
}
