using System.Collections.Immutable;
using System.Text.Json;
using ActorMigration.Host.Linux;
using Microsoft.Win32.SafeHandles;

namespace ActorMigration.Host.Decision;

/// <summary>The file behind a <see cref="RecordLog{TRecord}"/>: made, read at start-up, replaced by compaction.</summary>
public static class RecordLogFile
{
    /// <summary>Records per frame of a compacted file, at most.</summary>
    private const int RecordsPerFrame = 256;

    /// <summary>Bytes per frame of a compacted file, unless one record alone has more: records may grow, and a frame has a limit.</summary>
    private const int BytesPerFrame = RecordLogFrame.MaxPayloadBytes / 4;

    /// <summary>Opens or makes the file. Throws <see cref="RecordLogException"/> when it is damaged, <see cref="LinuxException"/> or <see cref="IOException"/> when the disk is.</summary>
    public static RecordLog<TRecord> Open<TRecord>(string path)
        where TRecord : class
    {
        if (!File.Exists(path))
        {
            WriteFresh<TRecord>(path, Guid.NewGuid(), []);
            PutInPlace(path);
            SyncDirectoryOf(path);
        }

        var bytes = File.ReadAllBytes(path);
        if (bytes.Length < RecordLogFrame.FileHeaderBytes || !bytes.AsSpan(0, RecordLogFrame.Magic.Length).SequenceEqual(RecordLogFrame.Magic))
        {
            throw new RecordLogException($"{path} is no log of this daemon");
        }

        var incarnation = new Guid(bytes.AsSpan(RecordLogFrame.Magic.Length, 16), bigEndian: true);
        var records = ImmutableArray.CreateBuilder<TRecord>();
        var at = RecordLogFrame.FileHeaderBytes;
        while (at < bytes.Length && RecordLogFrame.TryRead(bytes, at, path) is { } payload)
        {
            records.AddRange(Parse<TRecord>(payload, path));
            at += RecordLogFrame.HeaderBytes + payload.Length;
        }

        var file = OpenForAppend(path);
        if (at < bytes.Length)
        {
            // A torn tail: nobody was told that it had been written. It goes, so that the next append does not stand behind it.
            RandomAccess.SetLength(file, at);
            RandomAccess.FlushToDisk(file);
        }

        return new RecordLog<TRecord>(path, file, incarnation, records.ToImmutable(), at);
    }

    internal static byte[] EncodeBatch<TRecord>(IEnumerable<TRecord> records)
        => RecordLogFrame.Encode(JsonSerializer.SerializeToUtf8Bytes(records, Options<TRecord>.Json));

    private static TRecord[] Parse<TRecord>(ReadOnlyMemory<byte> payload, string path)
    {
        try
        {
            return JsonSerializer.Deserialize<TRecord[]>(payload.Span, Options<TRecord>.Json) ?? throw new JsonException("null");
        }
        catch (JsonException e)
        {
            throw new RecordLogException($"{path} has a record that this version does not know: {e.Message}", e);
        }
    }

    internal static SafeFileHandle OpenForAppend(string path) => File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read);

    /// <summary>Where a compacted file is written before it takes the place of the old one.</summary>
    internal static string FreshOf(string path) => path + ".new";

    internal static void WriteFresh<TRecord>(string path, Guid incarnation, ImmutableArray<TRecord> records)
    {
        using var file = File.OpenHandle(FreshOf(path), FileMode.Create, FileAccess.Write);
        RandomAccess.Write(file, RecordLogFrame.FileHeader(incarnation), 0);
        long at = RecordLogFrame.FileHeaderBytes;
        foreach (var frame in Frames(records))
        {
            RandomAccess.Write(file, frame, at);
            at += frame.Length;
        }

        RandomAccess.FlushToDisk(file);
    }

    private static IEnumerable<byte[]> Frames<TRecord>(ImmutableArray<TRecord> records)
    {
        var batch = new List<TRecord>();
        var bytes = 0;
        foreach (var record in records)
        {
            var size = JsonSerializer.SerializeToUtf8Bytes(record, Options<TRecord>.Json).Length;
            if (batch.Count == RecordsPerFrame || (batch.Count > 0 && bytes + size > BytesPerFrame))
            {
                yield return EncodeBatch(batch);
                (batch, bytes) = ([], 0);
            }

            batch.Add(record);
            bytes += size;
        }

        if (batch.Count > 0)
        {
            yield return EncodeBatch(batch);
        }
    }

    internal static void PutInPlace(string path) => File.Move(FreshOf(path), path, overwrite: true);

    /// <summary>The rename itself is on the disk only after this.</summary>
    internal static void SyncDirectoryOf(string path)
    {
        var directory = Path.GetDirectoryName(Path.GetFullPath(path))!;
        using var handle = Interop.Open(directory, Interop.O_RDONLY | Interop.O_DIRECTORY | Interop.O_CLOEXEC);
        if (handle.IsInvalid)
        {
            throw LinuxException.FromLastError("open", directory);
        }

        if (Interop.FSync(handle) < 0)
        {
            throw LinuxException.FromLastError("fsync", directory);
        }
    }

    private static class Options<TRecord>
    {
        internal static readonly JsonSerializerOptions Json = RecordJson.For<TRecord>();
    }
}
