using System.Reflection;
using ActorMigration.Contracts;

namespace ActorMigration.Host.Node;

/// <summary>
/// Builds a value of a contract type with something in every field, by its primary constructor. For <see cref="Rehearsal"/>: a serializer compiles its code for a type, and
/// for each type in it, when it meets the first value. Pure.
/// </summary>
internal static class WireSample
{
    /// <summary>Contracts nest five levels deep at most.</summary>
    private const int Deepest = 8;

    /// <summary>Null where a type does not take the values that are tried.</summary>
    internal static object? Of(Type type, int depth = 0)
    {
        if (depth > Deepest)
        {
            return null;
        }

        if (type.IsArray)
        {
            var element = Of(type.GetElementType()!, depth + 1);
            var array = Array.CreateInstance(type.GetElementType()!, element is null ? 0 : 1);
            if (element is not null)
            {
                array.SetValue(element, 0);
            }

            return array;
        }

        if (type == typeof(string))
        {
            return "rehearsal";
        }

        if (type == typeof(AttemptId))
        {
            return AttemptId.New();
        }

        if (type.IsPrimitive || type.IsEnum || type.Assembly != typeof(IWire).Assembly)
        {
            return type.IsValueType ? Activator.CreateInstance(type) : null;
        }

        // The constructor with the most parameters is the primary one; the copy constructor of a record has one, of its own type.
        var constructor = type.GetConstructors().Where(one => one.GetParameters() is var taken && !(taken.Length == 1 && taken[0].ParameterType == type)).MaxBy(one => one.GetParameters().Length);
        try
        {
            return constructor?.Invoke([.. constructor.GetParameters().Select(parameter => Of(parameter.ParameterType, depth + 1))]);
        }
        catch (TargetInvocationException)
        {
            // It checks what it is given.
            return null;
        }
    }
}
