using System.Text.Json;
using System.Text.Json.Serialization;
using ActorMigration.Contracts;
using ActorMigration.Host.Linux.Processes;

namespace ActorMigration.Host.Linux.Containers;

/// <summary>
/// What this host knows of one container: <c>STATE/containers/NAME/container.json</c>, written whole and fsynced. It says what was ordered; what is, is
/// found by looking (runc, cgroup, processes). In another boot its process is gone, whatever it says.
/// </summary>
/// <param name="Spec">What was asked for.</param>
/// <param name="Fence">Of its start here, or of the attempt that brought it.</param>
/// <param name="State">Last state that this daemon put it into.</param>
/// <param name="NetworkNamespace">Path of its netns.</param>
/// <param name="RuncId">Its id in runc.</param>
/// <param name="CgroupsPath">As in its OCI config.</param>
/// <param name="Init">First process; null before the start.</param>
/// <param name="BootId">Boot that <paramref name="Init"/> belongs to.</param>
public sealed record ContainerRecord(
    ContainerSpec Spec,
    Fence Fence,
    ContainerState State,
    string NetworkNamespace,
    string RuncId,
    string CgroupsPath,
    ProcessIdentity? Init,
    string BootId)
{
    internal const string FileName = "container.json";

    private static readonly JsonSerializerOptions Options = new() { WriteIndented = true, Converters = { new JsonStringEnumConverter() } };

    /// <summary>True while its first process is the one that was recorded, in this boot.</summary>
    [JsonIgnore]
    public bool InitIsAlive => BootId == ProcessIdentity.BootId() && Init is { IsAlive: true };

    /// <summary>Writes it durably; on return it survives a power cut.</summary>
    public void Save(string stateDirectory)
    {
        var directory = Directory.CreateDirectory(PathOf(stateDirectory, Spec.Name));
        DurableFile.Write(Path.Combine(directory.FullName, FileName), JsonSerializer.SerializeToUtf8Bytes(this, Options));
    }

    /// <summary>Reads one; null when there is none.</summary>
    /// <exception cref="InvalidDataException">There is one that cannot be read: a defect or a damaged disk, never ignored.</exception>
    public static ContainerRecord? Load(string stateDirectory, ContainerName name)
    {
        var path = Path.Combine(PathOf(stateDirectory, name), FileName);
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize<ContainerRecord>(File.ReadAllBytes(path), Options) ?? throw new InvalidDataException($"{path} is empty");
        }
        catch (IOException gone) when (gone is FileNotFoundException or DirectoryNotFoundException)
        {
            // Removed meanwhile.
            return null;
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{path} is not a container record: {e.Message}", e);
        }
    }

    /// <summary>All of this host.</summary>
    public static IReadOnlyList<ContainerRecord> LoadAll(string stateDirectory)
    {
        var root = Path.Combine(stateDirectory, "containers");
        return Directory.Exists(root)
            ? [.. Directory.EnumerateDirectories(root).Select(Path.GetFileName).Order(StringComparer.Ordinal).Where(ContainerName.IsValid)
                .Select(name => Load(stateDirectory, new ContainerName(name!))).OfType<ContainerRecord>()]
            : [];
    }

    /// <summary>Directory of a container's files.</summary>
    public static string PathOf(string stateDirectory, ContainerName name) => Path.Combine(stateDirectory, "containers", name.Value);
}
