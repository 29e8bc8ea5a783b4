using System.Collections.Immutable;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using ActorMigration.Contracts;

namespace ActorMigration.Host.Node;

/// <summary>
/// Which types may cross between nodes: every <see cref="IWire"/> record and every type that its fields reach. Computed by
/// reflection from the contracts, so that there is no list to forget. Pure.
/// </summary>
public static class WireTypes
{
    /// <summary>The concrete messages of an assembly, in name order.</summary>
    public static ImmutableArray<Type> Messages(Assembly contracts)
        => [.. contracts.GetTypes()
            .Where(type => type is { IsAbstract: false, IsGenericTypeDefinition: false } && typeof(IWire).IsAssignableFrom(type))
            .OrderBy(type => type.FullName, StringComparer.Ordinal)];

    /// <summary><paramref name="roots"/> and all types that their instance fields reach; the insides of system types are left out.</summary>
    public static ImmutableArray<Type> Reachable(IEnumerable<Type> roots)
    {
        var seen = new HashSet<Type>();
        var queue = new Queue<Type>(roots);
        while (queue.TryDequeue(out var type))
        {
            if (!seen.Add(type))
            {
                continue;
            }

            if (type.IsArray)
            {
                queue.Enqueue(type.GetElementType()!);
                continue;
            }

            foreach (var argument in type.GetGenericArguments())
            {
                queue.Enqueue(argument);
            }

            foreach (var field in Fields(type))
            {
                queue.Enqueue(field.FieldType);
            }
        }

        return [.. seen.OrderBy(type => type.ToString(), StringComparer.Ordinal)];
    }

    /// <summary>
    /// One sentence for each field that may not be in a contract: an interface, object, abstract or open type would let the sender
    /// choose what is made at the receiver, and would escape the schema hash.
    /// </summary>
    public static ImmutableArray<string> Defects(IEnumerable<Type> messages)
    {
        var reachable = Reachable(messages);
        var open = reachable.Where(type => IsOurs(type) && type is { IsValueType: false, IsSealed: false })
            .Select(type => $"{type.FullName} is not sealed.");
        var vague = from type in reachable
                    from field in Fields(type)
                    where !IsConcrete(field.FieldType)
                    select $"{type.FullName} has a field of type {field.FieldType}, which is not one concrete type.";
        return [.. open.Concat(vague)];
    }

    /// <summary>Eight hex digits over names and types of all fields that a message reaches: another schema has another hash.</summary>
    public static string SchemaHash(Type message)
    {
        const int Digits = 8;
        var text = new StringBuilder();
        foreach (var type in Reachable([message]))
        {
            text.Append(type.ToString()).Append('{');
            foreach (var field in Fields(type).OrderBy(field => field.Name, StringComparer.Ordinal))
            {
                text.Append(field.Name).Append(':').Append(field.FieldType).Append(';');
            }

            if (type.IsEnum)
            {
                text.AppendJoin(',', Enum.GetNames(type));
            }

            text.Append('}');
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())))[..Digits];
    }

    private static IEnumerable<FieldInfo> Fields(Type type)
    {
        for (var at = type; IsOurs(at) && !at!.IsEnum; at = at.BaseType)
        {
            foreach (var field in at.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            {
                yield return field;
            }
        }
    }

    private static bool IsConcrete(Type type)
    {
        while (type.IsArray)
        {
            type = type.GetElementType()!;
        }

        return (type.IsValueType || type.IsSealed)
            && !typeof(Delegate).IsAssignableFrom(type)
            && !typeof(MemberInfo).IsAssignableFrom(type)
            && type.GetGenericArguments().All(IsConcrete);
    }

    /// <summary>Ours is what is neither the runtime's nor Akka's: their insides are their own business.</summary>
    private static bool IsOurs(Type? type)
        => type is { IsPointer: false, IsArray: false } && type.Assembly != typeof(object).Assembly
            && !(type.Assembly.GetName().Name is { } name && (name.StartsWith("System", StringComparison.Ordinal) || name.StartsWith("Akka", StringComparison.Ordinal)));
}
