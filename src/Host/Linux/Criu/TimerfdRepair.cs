using System.Buffers.Binary;
using ActorMigration.Host.Linux.Criu.Images;

namespace ActorMigration.Host.Linux.Criu;

/// <summary>
/// Repairs what CRIU loses of a periodic timerfd. One that expired before the dump and was not read yet says "0 ns left, then every N": CRIU arms it again with
/// those 0 ns, which for the kernel means "disarm", and the program waits for ever. A freeze before the dump makes that near certain for short intervals.
/// With 1 us left it fires at once and goes on.
/// </summary>
internal static class TimerfdRepair
{
    /// <summary>Bytes of files.img: about 100 per descriptor.</summary>
    private const int MaxBytes = 256 << 20;

    private const ulong FirstExpiryNanoseconds = 1000;

    // file_entry: 1 type, 2 id, and one message for the type. timerfd_entry: 7 vsec, 8 vnsec (time left), 9 isec, 10 insec (interval).
    private const int TypeField = 1;
    private const ulong TimerfdType = 17;
    private const int VsecField = 7;
    private const int VnsecField = 8;
    private const int IsecField = 9;
    private const int InsecField = 10;

    /// <summary>Rewrites files.img of an image directory if it has to be; returns how many timers were repaired.</summary>
    internal static int Repair(string directory)
    {
        var path = Path.Combine(directory, "files.img");
        if (new FileInfo(path).Length > MaxBytes)
        {
            throw new CriuImageException("files.img", $"it is larger than {MaxBytes} bytes");
        }

        var (bytes, repaired) = Repair(File.ReadAllBytes(path));
        if (repaired > 0)
        {
            File.WriteAllBytes(path, bytes);
        }

        return repaired;
    }

    internal static (byte[] Bytes, int Repaired) Repair(ReadOnlySpan<byte> image)
    {
        var output = new List<byte>(image.Length + 64);
        var repaired = 0;
        var messages = new ImageMessages(image, "files.img");
        output.AddRange(image[..ImageMessages.HeaderBytes]);
        while (messages.MoveNext())
        {
            var changed = RepairEntry(messages.Current);
            repaired += changed is null ? 0 : 1;
            AddMessage(output, changed ?? messages.Current);
        }

        return ([.. output], repaired);
    }

    /// <summary>The entry with a repaired timer, or null when nothing in it has to change.</summary>
    private static byte[]? RepairEntry(ReadOnlySpan<byte> entry)
    {
        ulong type = 0;
        for (var reader = new ProtobufReader(entry, "files.img"); reader.Next();)
        {
            if (reader.Field == TypeField)
            {
                type = reader.ReadUInt64();
            }
            else
            {
                reader.Skip();
            }
        }

        if (type != TimerfdType)
        {
            return null;
        }

        var output = new List<byte>(entry.Length + 8);
        var repaired = false;
        for (var reader = new ProtobufReader(entry, "files.img"); reader.Next();)
        {
            if (!reader.IsBytes)
            {
                AddVarintField(output, reader.Field, reader.ReadUInt64());
                continue;
            }

            var inner = reader.ReadBytes();
            var timer = RepairTimer(inner);
            repaired |= timer is not null;
            AddBytesField(output, reader.Field, timer ?? inner);
        }

        return repaired ? [.. output] : null;
    }

    private static byte[]? RepairTimer(ReadOnlySpan<byte> timer)
    {
        ulong left = 0, interval = 0;
        for (var reader = new ProtobufReader(timer, "files.img"); reader.Next();)
        {
            switch (reader.Field)
            {
                case VsecField or VnsecField:
                    left |= reader.ReadUInt64();
                    break;
                case IsecField or InsecField:
                    interval |= reader.ReadUInt64();
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        if (left != 0 || interval == 0)
        {
            return null;
        }

        var output = new List<byte>(timer.Length + 8);
        for (var reader = new ProtobufReader(timer, "files.img"); reader.Next();)
        {
            if (reader.IsBytes)
            {
                AddBytesField(output, reader.Field, reader.ReadBytes());
            }
            else
            {
                var value = reader.ReadUInt64();
                AddVarintField(output, reader.Field, reader.Field == VnsecField ? FirstExpiryNanoseconds : value);
            }
        }

        return [.. output];
    }

    private static void AddMessage(List<byte> output, ReadOnlySpan<byte> message)
    {
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(length, (uint)message.Length);
        output.AddRange(length);
        output.AddRange(message);
    }

    private static void AddVarintField(List<byte> output, int field, ulong value)
    {
        AddVarint(output, (ulong)field << 3);
        AddVarint(output, value);
    }

    private static void AddBytesField(List<byte> output, int field, ReadOnlySpan<byte> value)
    {
        AddVarint(output, ((ulong)field << 3) | 2);
        AddVarint(output, (ulong)value.Length);
        output.AddRange(value);
    }

    private static void AddVarint(List<byte> output, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            output.Add((byte)(value | 0x80));
        }

        output.Add((byte)value);
    }
}
