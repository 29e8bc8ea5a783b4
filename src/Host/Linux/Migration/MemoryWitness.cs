using System.Security.Cryptography;
using System.Text.Json;
using ActorMigration.Contracts;
using ActorMigration.Host.Linux.Tracking;

namespace ActorMigration.Host.Linux.Migration;

/// <summary>
/// Digests of all memory of a container that stands still, one per process: taken by the source under the freeze where the attempt verifies
/// memory, sent among the images, and compared by the destination at its gate. It knows nothing of rounds, store or pager, so it
/// witnesses what they did. Costs about two seconds of stop per GiB, hence off by default.
/// </summary>
/// <param name="RseqAreas">Where the kernel itself writes into the processes; left out on both sides.</param>
/// <param name="Processes">By pid inside the container.</param>
internal sealed record MemoryWitness(ulong[] RseqAreas, ProcessDigest[] Processes)
{
    /// <summary>Its name among the images.</summary>
    internal const string FileName = "memory-witness.json";

    /// <summary>Pages that the digests cover.</summary>
    internal long Pages => Processes.Sum(process => process.Pages);

    /// <summary>All of it as one, for the operator.</summary>
    internal FrozenDigest Digest => new(Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(Processes))), Pages);

    /// <summary>Under the freeze. The areas were found before it: a frozen task cannot be held still once more.</summary>
    internal static MemoryWitness Of(int[] pids, ulong[] rseqAreas) => new(rseqAreas, Digests(pids, rseqAreas));

    /// <summary>The same at the gate.</summary>
    internal MemoryWitness Repeat(int[] pids) => this with { Processes = Digests(pids, RseqAreas) };

    /// <summary>What differs first, or null.</summary>
    internal string? Difference(MemoryWitness other)
    {
        if (Processes.Length != other.Processes.Length)
        {
            return $"{Processes.Length} processes there, {other.Processes.Length} here";
        }

        return Processes.Zip(other.Processes).Where(pair => pair.First != pair.Second).Select(pair => $"{pair.First} there, {pair.Second} here").FirstOrDefault();
    }

    internal void Save(string path) => File.WriteAllBytes(path, JsonSerializer.SerializeToUtf8Bytes(this));

    /// <summary>Reads and removes the file: it is none of CRIU's images. Null when the source took no digests.</summary>
    internal static MemoryWitness? Take(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        var witness = JsonSerializer.Deserialize<MemoryWitness>(File.ReadAllBytes(path));
        File.Delete(path);
        return witness;
    }

    private static ProcessDigest[] Digests(int[] pids, ulong[] areas)
        => [.. pids.Select(pid => MemoryDigest.Compute(pid, areas)).OrderBy(process => process.PidInContainer)];
}
