using System.Collections.Frozen;
using System.Runtime.Serialization;
using ActorMigration.Contracts;
using Akka.Actor;
using Akka.Serialization;
using Akka.Util;
using Hyperion;

namespace ActorMigration.Host.Node;

/// <summary>
/// The only way of our messages over Akka.Remote: Hyperion behind a manifest "Name:schema-hash". Hyperion writes fields by position
/// and ignores their names when it reads, so a payload of another schema must never reach it: the manifest is looked at first.
/// Named in hocon/10-remote.conf; Akka makes it. Refuses with <see cref="SerializationException"/>, after which Akka logs, drops the
/// message and keeps the association.
/// </summary>
public sealed class AmigWireSerializer : SerializerWithStringManifest
{
    /// <summary>Our number among Akka's serializers; part of the protocol between nodes.</summary>
    private const int Number = 5211;

    private readonly Hyperion.Serializer _hyperion;
    private readonly FrozenDictionary<Type, string> _manifests;
    private readonly FrozenDictionary<string, Type> _messages;

    public AmigWireSerializer(ExtendedActorSystem system)
        : base(system)
    {
        var contracts = typeof(IWire).Assembly;
        var messages = WireTypes.Messages(contracts);
        _manifests = messages.ToFrozenDictionary(type => type, type => $"{type.FullName![(nameof(ActorMigration) + ".Contracts.").Length..]}:{WireTypes.SchemaHash(type)}");
        _messages = _manifests.ToFrozenDictionary(pair => pair.Value, pair => pair.Key);
        Type[] allowed = [.. WireTypes.Reachable(messages), typeof(ActorRefBase.Surrogate), typeof(ActorPath.Surrogate)];
        _hyperion = new Hyperion.Serializer(new SerializerOptions(
            versionTolerance: false,
            preserveObjectReferences: false,
            surrogates: [Surrogate.Create<ISurrogated, ISurrogate>(from => from.ToSurrogate(system), to => to.FromSurrogate(system))],
            serializerFactories: null,
            knownTypes: null,
            ignoreISerializable: true,
            packageNameOverrides: null,
            disallowUnsafeTypes: true,
            typeFilter: new ContractTypeFilter(allowed)));
    }

    public override int Identifier => Number;

    /// <summary>Every manifest that this build reads and writes.</summary>
    public IEnumerable<string> Manifests => _messages.Keys;

    public override string Manifest(object o) => _manifests.TryGetValue(o.GetType(), out var manifest)
        ? manifest
        : throw new SerializationException($"{o.GetType().FullName} is not a wire contract.");

    public override byte[] ToBinary(object obj)
    {
        var manifest = Manifest(obj);
        using var buffer = new MemoryStream();
        _hyperion.Serialize(obj, buffer);
        return buffer.Length <= IWire.MaxBytes
            ? buffer.ToArray()
            : throw new SerializationException($"{manifest} has {buffer.Length} bytes, the limit is {IWire.MaxBytes}; bulk data belongs on the data plane.");
    }

    public override object FromBinary(byte[] bytes, string manifest)
    {
        if (!_messages.TryGetValue(manifest, out var expected))
        {
            throw new SerializationException($"'{manifest}' is not a wire contract of this version.");
        }

        if (bytes.Length > IWire.MaxBytes)
        {
            throw new SerializationException($"{manifest} has {bytes.Length} bytes, the limit is {IWire.MaxBytes}.");
        }

        var message = Read(bytes, manifest);
        return message.GetType() == expected ? message : throw new SerializationException($"{manifest} carried a {message.GetType().FullName}.");
    }

    private object Read(byte[] bytes, string manifest)
    {
        try
        {
            using var buffer = new MemoryStream(bytes, writable: false);
            var message = _hyperion.Deserialize<object>(buffer);
            return message is not null && buffer.Position == buffer.Length
                ? message
                : throw new SerializationException($"{manifest} is followed by other bytes, or empty.");
        }
        // Hostile bytes make Hyperion throw almost anything, OutOfMemoryException included (it trusts length prefixes): all mean "refused".
        catch (Exception e) when (e is not SerializationException)
        {
            throw new SerializationException($"{manifest} is refused: {e.Message}", e);
        }
    }
}
