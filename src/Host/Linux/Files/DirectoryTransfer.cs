using System.Buffers.Binary;
using ActorMigration.Contracts;
using Microsoft.Win32.SafeHandles;

namespace ActorMigration.Host.Linux.Files;

/// <summary>
/// A flat directory of small files from one host to another: the skeleton's CRIU images, from tmpfs to tmpfs. Which names may come, and how
/// much, is the receiver's decision; CRIU trusts what it finds.
/// </summary>
internal static class DirectoryTransfer
{
    /// <summary>Sends every regular file of a directory, by name in byte order, and returns the digest over the stream.</summary>
    internal static byte[] Send(string directory, FileFrameWriter to)
    {
        var files = Directory.GetFiles(directory);
        Array.Sort(files, string.CompareOrdinal);
        var buffer = new byte[FileFrameLimits.MaxDataBytes];
        foreach (var path in files)
        {
            using var file = File.OpenHandle(path, options: FileOptions.SequentialScan);
            SendFile(file, Path.GetFileName(path), to, buffer);
        }
        to.Write(FileFrameKind.TransferEnd, []);
        to.Flush();
        return to.Digest();
    }

    /// <summary>
    /// Receives into an existing, empty directory and returns the digest over the stream. <see cref="LayerFailure.Refused"/> for a name that
    /// <paramref name="isAllowed"/> does not know or that came already; <see cref="LayerFailure.OverReservation"/> beyond <paramref name="maxBytes"/>.
    /// </summary>
    internal static byte[] Receive(FileFrameReader from, string directory, Func<string, bool> isAllowed, long maxBytes)
    {
        var left = maxBytes;
        var names = new HashSet<string>();
        while (from.Read(out var payload) is var kind and not FileFrameKind.TransferEnd)
        {
            if (kind != FileFrameKind.NamedFile || payload.Length < 9 || !FilePath.IsName(payload[8..]))
            {
                throw new LayerException(LayerFailure.Refused, $"The source's directory of images is refused: {kind} where a file belongs.");
            }
            var size = BinaryPrimitives.ReadInt64LittleEndian(payload);
            var name = TreeHandle.Show(payload[8..]);
            if (!isAllowed(name) || !names.Add(name))
            {
                throw new LayerException(LayerFailure.Refused, $"The source's directory of images is refused: {name} is no file that belongs there, or comes twice.");
            }
            if (size < 0 || (left -= size) < 0)
            {
                throw new LayerException(LayerFailure.OverReservation, $"The source's directory of images is refused: with {name} it has more than {maxBytes} bytes.");
            }
            using var file = File.OpenHandle(Path.Combine(directory, name), FileMode.CreateNew, FileAccess.Write);
            ReceiveContent(from, file, size, name);
        }
        return from.Digest();
    }

    private static void SendFile(SafeFileHandle file, string name, FileFrameWriter to, byte[] buffer)
    {
        var size = RandomAccess.GetLength(file);
        var bytes = System.Text.Encoding.UTF8.GetBytes(name);
        var head = new byte[8 + bytes.Length];
        BinaryPrimitives.WriteInt64LittleEndian(head, size);
        bytes.CopyTo(head, 8);
        to.Write(FileFrameKind.NamedFile, head);
        SendContent(file, size, to, buffer, name);
    }

    internal static void SendContent(SafeFileHandle file, long size, FileFrameWriter to, byte[] buffer, string name)
    {
        for (long at = 0; at < size;)
        {
            var got = RandomAccess.Read(file, buffer.AsSpan(0, (int)Math.Min(buffer.Length, size - at)), at);
            if (got == 0)
            {
                throw new LayerException(LayerFailure.CannotCarry, $"{name} became shorter while it was sent.");
            }
            to.WriteData(at, buffer.AsSpan(0, got));
            at += got;
        }
    }

    /// <summary>Data frames in order up to exactly <paramref name="size"/> bytes.</summary>
    internal static void ReceiveContent(FileFrameReader from, SafeFileHandle file, long size, string name, Action<ReadOnlySpan<byte>>? alsoTo = null)
    {
        for (long at = 0; at < size;)
        {
            var payload = from.Expect(FileFrameKind.Data);
            if (payload.Length <= 8 || BinaryPrimitives.ReadInt64LittleEndian(payload) != at || payload.Length - 8 > size - at)
            {
                throw new LayerException(LayerFailure.Refused, $"The source's content of {name} is refused: it is not in order, or longer than announced.");
            }
            var content = payload[8..];
            try
            {
                RandomAccess.Write(file, content, at);
            }
            catch (IOException full) when ((full.HResult & 0xFFFF) is Interop.Errno.ENOSPC or Interop.Errno.EDQUOT)
            {
                throw new LayerException(LayerFailure.NoSpace, $"The destination has no room for {name}: {full.Message}", full);
            }
            alsoTo?.Invoke(content);
            at += content.Length;
        }
    }
}
