using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace ActorMigration.Host.Decision;

/// <summary>
/// JSON of the records in this host's own logs: readable with any tool when a host must be examined. The kinds of a record are the types nested in it, and
/// their names are in the file, so a kind is never renamed.
/// </summary>
internal static class RecordJson
{
    private const string KindProperty = "kind";

    /// <summary>Options that write and read every kind of <typeparamref name="TRecord"/> and nothing else.</summary>
    internal static JsonSerializerOptions For<TRecord>()
    {
        var resolver = new DefaultJsonTypeInfoResolver();
        resolver.Modifiers.Add(static type =>
        {
            if (type.Type == typeof(TRecord))
            {
                type.PolymorphismOptions = new JsonPolymorphismOptions
                {
                    TypeDiscriminatorPropertyName = KindProperty,
                    UnknownDerivedTypeHandling = JsonUnknownDerivedTypeHandling.FailSerialization,
                };
                foreach (var kind in typeof(TRecord).GetNestedTypes().Where(t => t.IsSubclassOf(typeof(TRecord))))
                {
                    type.PolymorphismOptions.DerivedTypes.Add(new JsonDerivedType(kind, kind.Name));
                }
            }
        });
        return new JsonSerializerOptions
        {
            TypeInfoResolver = resolver,
            IgnoreReadOnlyProperties = true,
            Converters = { new JsonStringEnumConverter() },
        };
    }
}
