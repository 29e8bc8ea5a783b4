using System.Globalization;
using System.Text;

namespace ActorMigration.Simulator;

/// <summary>
/// A schedule as text, one step a line: <c>Take item=a>b:HandOver:1</c>. An item is named by its label, with <c>#n</c> behind it when n older ones have the same. A line whose
/// item or host is not there when its turn comes does nothing, so that lines can be taken out.
/// </summary>
internal sealed record Script(bool IsNaive, Mutant Mutant, int Voters, IReadOnlyList<string> Lines)
{
    private const string Header = "# amig simulator 1";

    public IProtocol Protocol => IsNaive ? AcknowledgeProtocol.Instance : RegisterProtocol.Instance;

    /// <summary>Runs it from the beginning.</summary>
    public World Replay(Action<string>? trace = null)
    {
        var world = new World(Protocol, Mutant, Voters) { Trace = trace };
        foreach (var line in Lines)
        {
            trace?.Invoke($"-- {line}");
            world.Apply(Parse(line, world));
            if (world.Violation is not null)
            {
                break;
            }
        }

        world.Finish();
        return world;
    }

    public override string ToString()
        => $"{Header}\nprotocol {(IsNaive ? "naive" : "register")}\nmutant {Mutant}\nvoters {Voters}\n{string.Concat(Lines.Select(l => l + '\n'))}";

    public static Script Read(string text)
    {
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (lines is not [Header, var protocol, var mutant, var voters, .. var steps])
        {
            throw new FormatException($"a script begins with the line '{Header}', then protocol, mutant and voters");
        }

        return new Script(protocol == "protocol naive", Enum.Parse<Mutant>(mutant.Split(' ')[1]), int.Parse(voters.Split(' ')[1], CultureInfo.InvariantCulture), [.. steps.Where(l => !l.StartsWith('#'))]);
    }

    /// <summary>The line of a step that is about to be done.</summary>
    public static string Line(Step step, World world)
    {
        var line = new StringBuilder(step.Kind.ToString());
        if (step.Item is { } item)
        {
            var same = (step.Kind == StepKind.Release ? world.Held : world.Waiting).TakeWhile(p => p != item).Count(p => p.Label == item.Label);
            line.Append(" item=").Append(item.Label).Append(same > 0 ? $"#{same}" : "");
        }
        else if (step.Kind is not (StepKind.Heal or StepKind.Join or StepKind.Trap or StepKind.Copy or StepKind.Found))
        {
            line.Append(" host=").Append(world.Hosts[step.Host].Name.Value);
        }

        if (step.Kind == StepKind.Trap)
        {
            line.Append(" cell=").Append(Cells.Name(step.Number).Replace(' ', '.'));
        }
        else if (step.Kind == StepKind.Copy)
        {
            line.Append(" message=").Append(Cells.MessageNames[step.Number]);
        }
        else if (step.Number != 0)
        {
            line.Append(CultureInfo.InvariantCulture, $" number={step.Number}");
        }

        Add(line, "outcome", step.Outcome, Outcome.Well);
        Add(line, "crash", step.Crash, CrashPoint.None);
        Add(line, "part", step.Part, DiskPart.Both);
        return step.Mask == 0 ? line.ToString() : line.Append(CultureInfo.InvariantCulture, $" mask={step.Mask}").ToString();
    }

    private static void Add<T>(StringBuilder line, string name, T value, T usual)
        where T : struct, Enum
    {
        if (!value.Equals(usual))
        {
            line.Append(' ').Append(name).Append('=').Append(value);
        }
    }

    private static Step Parse(string line, World world)
    {
        var words = line.Split(' ');
        var step = new Step(Enum.Parse<StepKind>(words[0]));
        foreach (var word in words.AsSpan(1))
        {
            var at = word.IndexOf('=', StringComparison.Ordinal);
            var value = word[(at + 1)..];
            step = word[..at] switch
            {
                "item" => step with { Item = Find(value, step.Kind == StepKind.Release ? world.Held : world.Waiting) },
                "host" => step with { Host = world.Hosts.First(h => h.Name.Value == value).Index },
                "number" => step with { Number = int.Parse(value, CultureInfo.InvariantCulture) },
                "cell" => step with { Number = Cells.Find(value.Replace('.', ' ')) },
                "message" => step with { Number = Array.IndexOf(Cells.MessageNames, value) },
                "outcome" => step with { Outcome = Enum.Parse<Outcome>(value) },
                "crash" => step with { Crash = Enum.Parse<CrashPoint>(value) },
                "part" => step with { Part = Enum.Parse<DiskPart>(value) },
                "mask" => step with { Mask = int.Parse(value, CultureInfo.InvariantCulture) },
                _ => throw new FormatException($"'{word}' is nothing that a step has"),
            };
        }

        return step;
    }

    private static Pending? Find(string label, IReadOnlyList<Pending> items)
    {
        var at = label.IndexOf('#', StringComparison.Ordinal);
        var older = at < 0 ? 0 : int.Parse(label[(at + 1)..], CultureInfo.InvariantCulture);
        var name = at < 0 ? label : label[..at];
        return items.Where(i => i.Label == name).Skip(older).FirstOrDefault();
    }
}
