using ActorMigration.Contracts;
using ActorMigration.Host.Linux.Containers;

namespace ActorMigration.Host.Linux.Load;

/// <summary>
/// Records of this host's containers, read again only when their file has changed: a record is replaced by renaming, so its time and length say so, and parsing a hundred of them every few seconds would be most of a
/// sample's cost. Not thread-safe.
/// </summary>
internal sealed class RecordCache(string stateDirectory)
{
    private readonly Dictionary<string, (DateTime Written, long Length, ContainerRecord Record)> _known = new(StringComparer.Ordinal);

    /// <exception cref="InvalidDataException">One cannot be read: a defect or a damaged disk, never ignored.</exception>
    internal IReadOnlyList<ContainerRecord> Read()
    {
        var root = Path.Combine(stateDirectory, "containers");
        var found = new List<ContainerRecord>();
        var names = Directory.Exists(root) ? Directory.EnumerateDirectories(root).Select(Path.GetFileName).Where(ContainerName.IsValid).Select(name => name!).ToHashSet(StringComparer.Ordinal) : [];
        foreach (var name in names.Order(StringComparer.Ordinal))
        {
            var file = new FileInfo(Path.Combine(root, name, ContainerRecord.FileName));
            if (!file.Exists)
            {
                continue;
            }

            if (!_known.TryGetValue(name, out var known) || (known.Written, known.Length) != (file.LastWriteTimeUtc, file.Length))
            {
                // Its times first: when it is replaced meanwhile, it is read again the next time.
                var (written, length) = (file.LastWriteTimeUtc, file.Length);
                if (ContainerRecord.Load(stateDirectory, new ContainerName(name)) is not { } record)
                {
                    continue;
                }

                _known[name] = known = (written, length, record);
            }

            found.Add(known.Record);
        }

        foreach (var gone in _known.Keys.Where(name => !names.Contains(name)).ToArray())
        {
            _known.Remove(gone);
        }

        return found;
    }
}
