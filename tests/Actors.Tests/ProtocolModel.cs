using System.Text.RegularExpressions;

namespace ActorMigration.Actors.Tests;

/// <summary>
/// Names in a Promela model, and the table in its head that says which names of the code are merged into them or are outside of the model. A row of the table is
/// <c>KIND: NAME = CODE, CODE</c> or <c>KIND: - CODE, CODE: reason</c>.
/// </summary>
/// <param name="text">The model.</param>
internal sealed partial class ProtocolModel(string text)
{
    private readonly string _program = Comments().Replace(text, "");

    /// <summary>Labels of one process: the states in which it can be.</summary>
    public string[] LabelsOf(string process)
    {
        var body = Regex.Match(_program, $@"^(active )?proctype {process}\b.*?^}}", RegexOptions.Singleline | RegexOptions.Multiline);
        return [.. Labels().Matches(body.Value).Select(m => m.Groups[1].Value).Distinct()];
    }

    /// <summary>Identifiers that begin with the prefix, without it.</summary>
    public string[] Prefixed(string prefix)
        => [.. Regex.Matches(_program, $@"\b{prefix}(\w+)").Select(m => m.Groups[1].Value).Distinct()];

    /// <summary>Values of a typed mtype.</summary>
    public string[] ValuesOf(string type)
        => Regex.Match(_program, $@"mtype:{type} = {{([^}}]*)}}").Groups[1].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <summary>A number that the model gives a name.</summary>
    public int Constant(string name) => int.Parse(Regex.Match(_program, $@"^#define {name} (\d+)$", RegexOptions.Multiline).Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>What is wrong between the model's names of a kind and the code's; empty when each name of the code is in the model once, merged or outside, and no other is.</summary>
    public IEnumerable<string> WhatIsOutOfStep(string kind, IReadOnlyCollection<string> inModel, IReadOnlyCollection<string> inCode)
    {
        var rows = Rows().Matches(text).Where(m => m.Groups["kind"].Value == kind).ToArray();
        var merged = rows.Where(m => m.Groups["name"].Success).ToArray();
        var covered = inModel.Except(merged.Select(m => m.Groups["name"].Value)).Concat(rows.SelectMany(CodeNames)).ToArray();

        return
        [
            .. inModel.Count == 0 ? [$"the model has no {kind} at all"] : Array.Empty<string>(),
            .. inCode.Except(covered).Select(name => $"{kind} {name} of the code is neither in the model nor in its table"),
            .. covered.Except(inCode).Select(name => $"{kind} {name} of the model is unknown to the code"),
            .. covered.GroupBy(name => name).Where(g => g.Count() > 1).Select(g => $"{kind} {g.Key} is there {g.Count()} times"),
            .. merged.Select(m => m.Groups["name"].Value).Except(inModel).Select(name => $"{kind} {name} has a row but is not in the model"),
            .. merged.Where(m => !CodeNames(m).Contains(m.Groups["name"].Value)).Select(m => $"{kind} {m.Groups["name"].Value} of the model is not among what is merged into it"),
        ];
    }

    private static string[] CodeNames(Match row) => row.Groups["code"].Value.Split(", ");

    [GeneratedRegex(@"/\*.*?\*/", RegexOptions.Singleline)]
    private static partial Regex Comments();

    [GeneratedRegex(@"^\s*([A-Za-z]\w*):(?!:)", RegexOptions.Multiline)]
    private static partial Regex Labels();

    [GeneratedRegex(@"^ \*   (?<kind>\w+): (?:(?<name>\w+) = (?<code>\w+(?:, \w+)*)|- (?<code>\w+(?:, \w+)*): \S.*)$", RegexOptions.Multiline)]
    private static partial Regex Rows();
}
