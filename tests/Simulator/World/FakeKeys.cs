using System.Buffers.Binary;
using System.Text;
using ActorMigration.Actors;
using ActorMigration.Contracts;

namespace ActorMigration.Simulator;

/// <summary>Signatures for simulations, where a million schedules with real ECDSA would take days: FNV-1a over name and message. Real ones have their own specs.</summary>
internal sealed class FakeKeys : INodeKeys
{
    public static readonly FakeKeys Instance = new();

    public bool Verify(HostName node, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature) => Sign(node, message).AsSpan().SequenceEqual(signature);

    internal static byte[] Sign(HostName node, ReadOnlySpan<byte> message)
    {
        const ulong Offset = 14695981039346656037;
        const ulong Prime = 1099511628211;
        var hash = Offset;
        foreach (var b in Encoding.UTF8.GetBytes(node.Value))
        {
            hash = (hash ^ b) * Prime;
        }

        foreach (var b in message)
        {
            hash = (hash ^ b) * Prime;
        }

        var signature = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(signature, hash);
        return signature;
    }
}

internal sealed class FakeSigner(HostName self) : INodeSigner
{
    public HostName Self => self;

    public byte[] Sign(ReadOnlySpan<byte> message) => FakeKeys.Sign(self, message);
}
