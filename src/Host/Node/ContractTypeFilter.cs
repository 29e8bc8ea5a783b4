using System.Collections.Frozen;
using Hyperion;

namespace ActorMigration.Host.Node;

/// <summary>
/// Hyperion asks this for every type named in a payload. It asks with its own short name when it reads and, for the root object,
/// with the full assembly-qualified name when it writes: both spellings of the same types are known here, and nothing else.
/// </summary>
internal sealed class ContractTypeFilter : ITypeFilter
{
    private readonly FrozenSet<string> _names;

    internal ContractTypeFilter(IReadOnlyCollection<Type> types)
        => _names = types.Select(ShortName).Concat(types.Select(type => type.AssemblyQualifiedName!)).ToFrozenSet(StringComparer.Ordinal);

    public bool IsAllowed(string typeName) => _names.Contains(typeName);

    /// <summary>As Hyperion's internal TypeEx.GetShortAssemblyQualifiedName makes it; its own builder is the only public way there.</summary>
    private static string ShortName(Type type)
    {
        var builder = TypeFilterBuilder.Create();
        builder.Include(type);
        return builder.Build().FilteredTypes.Single();
    }
}
