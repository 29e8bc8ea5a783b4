using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Configuration;
using Akka.Serialization;

namespace ActorMigration.Host.Node;

/// <summary>
/// Stands where Akka would put Newtonsoft JSON, which makes objects of whatever type the payload names. Refuses both ways.
/// Named in hocon/10-remote.conf; Akka makes it.
/// </summary>
public sealed class RefuseSerializer : Serializer
{
    /// <summary>Newtonsoft's number: what arrives as JSON lands here.</summary>
    private const int JsonNumber = 1;

    public RefuseSerializer(ExtendedActorSystem system)
        : base(system)
    {
    }

    /// <summary>Akka calls this one, because its defaults have settings for the serializer named json.</summary>
    public RefuseSerializer(ExtendedActorSystem system, Config settings)
        : base(system) => _ = settings;

    public override int Identifier => JsonNumber;

    public override bool IncludeManifest => true;

    public override byte[] ToBinary(object obj) => throw new SerializationException($"{obj.GetType().FullName} is not a wire contract.");

    public override object FromBinary(byte[] bytes, Type type) => throw new SerializationException($"A JSON payload for {type?.FullName ?? "no type"} is refused.");
}
