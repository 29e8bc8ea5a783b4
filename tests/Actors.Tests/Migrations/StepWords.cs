using System.Collections;
using System.Globalization;
using System.Reflection;
using ActorMigration.Contracts;

namespace ActorMigration.Actors.Tests.Migrations;

/// <summary>
/// Writes events, actions and details of one attempt as words that can be compared and read: records by name with their values in order, bytes by value and length, times
/// from the start of the table. What is only for people (sentences, reasons) is left out, and so are the attempt and the fence wherever they are the attempt's own.
/// </summary>
/// <param name="attempt">The attempt that the table is about.</param>
/// <param name="fence">Its fence.</param>
/// <param name="start">Zero of all times.</param>
internal sealed class StepWords(AttemptId attempt, Fence fence, DateTimeOffset start)
{
    private static readonly string[] ForPeople = ["Sentence", "Reason", "EqualityContract"];

    private readonly Dictionary<Type, PropertyInfo[]> _shown = [];
    private readonly Dictionary<object, string> _names = new(ReferenceEqualityComparer.Instance);

    /// <summary>Calls a value by a name wherever exactly that value comes through.</summary>
    public T Named<T>(string name, T value)
        where T : class
    {
        _names.Add(value, name);
        return value;
    }

    public string Of(object? value) => value switch
    {
        null => "-",
        _ when _names.TryGetValue(value, out var name) => name,
        string text => text.Length == 0 ? "''" : text,
        bool yes => yes ? "yes" : "no",
        byte[] bytes => Bytes(bytes),
        AttemptId id => id == attempt ? "this" : "other",
        Guid guid => guid.ToString("N")[^2..],
        DateTimeOffset time => FormattableString.Invariant($"+{(time - start).TotalSeconds}s"),
        TimeSpan time => FormattableString.Invariant($"{time.TotalMilliseconds}ms"),
        HostName or ContainerName or Fence or Enum => value.ToString()!,
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        IEnumerable list => $"[{string.Join(", ", list.Cast<object?>().Select(Of))}]",
        _ => Record(value),
    };

    private string Record(object value)
    {
        if (!_shown.TryGetValue(value.GetType(), out var shown))
        {
            shown = [.. value.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.GetIndexParameters().Length == 0 && !ForPeople.Contains(p.Name))];
            _shown.Add(value.GetType(), shown);
        }

        var parts = shown
            .Select(p => p.GetValue(value))
            .Where(v => !(v is AttemptId id && id == attempt) && !(v is Fence f && f == fence))
            .Select(Of).ToArray();
        return parts.Length == 0 ? value.GetType().Name : $"{value.GetType().Name}({string.Join(' ', parts)})";
    }

    private static string Bytes(byte[] bytes)
        => bytes.Length == 0 ? "0x" : bytes.Distinct().Count() == 1 ? $"0x{bytes[0]:x2}*{bytes.Length}" : $"0x{Convert.ToHexStringLower(bytes)}";
}
