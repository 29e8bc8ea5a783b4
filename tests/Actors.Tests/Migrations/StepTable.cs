using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using ActorMigration.Contracts;

namespace ActorMigration.Actors.Tests.Migrations;

/// <summary>
/// What a side of an attempt does with every event in every situation, as text. A situation is reached by a list of events; then each event of a catalogue is tried on it.
/// A row is written unless the event is ignored and changes nothing that shows. The whole is compared with a file that is read in reviews: a step that is added, lost or
/// changed anywhere is a changed line there.
/// </summary>
/// <typeparam name="TSide">Source or destination.</typeparam>
/// <param name="words">Writes what is compared.</param>
/// <param name="start">Time of the first event; each later one comes a second after the one before.</param>
/// <param name="step">Of the side.</param>
/// <param name="show">What shows of a side: state, call, failure.</param>
/// <param name="details">What the operator reads of a side.</param>
/// <param name="catalogue">What is tried in every situation, by name.</param>
internal sealed class StepTable<TSide>(
    StepWords words,
    DateTimeOffset start,
    Func<TSide, AttemptEvent, DateTimeOffset, (TSide Next, ImmutableArray<AttemptAction> Actions)> step,
    Func<TSide, string> show,
    Func<TSide, AttemptDetails> details,
    IReadOnlyList<(string Name, AttemptEvent Event)> catalogue)
{
    /// <summary>More steps than any list of events here has.</summary>
    private const int MostSerials = 32;

    /// <summary>In the place of a timer's serial in a list of events: the one that it was set with last.</summary>
    public const int AsSet = -1;

    private readonly StringBuilder _text = new();

    /// <summary>Takes <paramref name="path"/> from <paramref name="side"/> on, and writes what every event does after each of its steps.</summary>
    public TSide Walk(string title, TSide side, params ReadOnlySpan<AttemptEvent> path)
    {
        var now = start;
        _text.Append(CultureInfo.InvariantCulture, $"# {title}\n");
        var serials = new Dictionary<AttemptTimer, int>();
        foreach (var written in path)
        {
            var e = written is AttemptEvent.TimerFired { Serial: AsSet } timer ? timer with { Serial = serials[timer.Timer] } : written;
            now += SecondsBefore(e);
            (side, var actions) = step(side, e is Later later ? later.Event : e, now);
            foreach (var set in actions.OfType<AttemptAction.StartTimer>())
            {
                serials[set.Timer] = set.Serial;
            }

            _text.Append(CultureInfo.InvariantCulture, $"= {words.Of(e)} -> {Result(side, actions)}\n");
            Situation(side, now);
        }

        return side;
    }

    /// <summary>Compares with the file beside the spec. On a difference the new text is left in the directory of the test's assembly.</summary>
    public void AssertIs(string file, [CallerFilePath] string spec = "")
    {
        var actual = _text.ToString();
        var expected = File.ReadAllText(Path.Combine(Path.GetDirectoryName(spec)!, file));
        if (actual == expected)
        {
            return;
        }

        var written = Path.Combine(AppContext.BaseDirectory, file);
        File.WriteAllText(written, actual);
        var (was, now) = (expected.Split('\n'), actual.Split('\n'));
        var line = Enumerable.Range(0, Math.Min(was.Length, now.Length)).FirstOrDefault(i => was[i] != now[i], Math.Min(was.Length, now.Length));
        Assert.Fail($"line {line + 1} of {file} is now:\n{now.ElementAtOrDefault(line)}\nand was:\n{was.ElementAtOrDefault(line)}\nthe whole is in {written}");
    }

    private static TimeSpan SecondsBefore(AttemptEvent e) => TimeSpan.FromSeconds(e is Later later ? later.Seconds : 1);

    private void Situation(TSide side, DateTimeOffset now)
    {
        var read = details(side);
        _text.Append(CultureInfo.InvariantCulture, $"{show(side)}   {words.Of(read)}{(read.Sentence.Length == 0 ? "" : " with a sentence")}\n");
        foreach (var (name, e) in catalogue)
        {
            var rows = e is AttemptEvent.TimerFired timer
                ? [.. Enumerable.Range(0, MostSerials).Select(serial => (Name: $"{name}#{serial}", Row: Row(side, timer with { Serial = serial }, now)))]
                : new[] { (Name: name, Row: Row(side, e, now)) };
            foreach (var (called, row) in rows.DistinctBy(r => r.Row).Count() == 1 ? [(name, rows[0].Row)] : rows)
            {
                _text.Append(CultureInfo.InvariantCulture, $"{(row is null ? "" : $"    {called} -> {row}\n")}");
            }
        }
    }

    /// <summary>Null when the event is ignored and changes nothing that shows.</summary>
    private string? Row(TSide side, AttemptEvent e, DateTimeOffset now)
    {
        var (next, actions) = step(side, e, now + SecondsBefore(e));
        return show(next) == show(side) && actions is [AttemptAction.Ignore] ? null
            : $"{(show(next) == show(side) ? "" : $"{show(next)} ")}{Done(actions)}";
    }

    private string Result(TSide side, ImmutableArray<AttemptAction> actions) => $"{show(side)} {Done(actions)}";

    private string Done(ImmutableArray<AttemptAction> actions) => $"[{string.Join("; ", actions.Select(words.Of))}]";
}

/// <summary>An event that comes later than a second after the one before.</summary>
/// <param name="Seconds">How much later.</param>
/// <param name="Event">The event.</param>
internal sealed record Later(int Seconds, AttemptEvent Event) : AttemptEvent;
