using System.Globalization;
using System.Text;

namespace ActorMigration.Simulator;

/// <summary>How often each cell was handled, how often its daemon crashed right before and right after it, and which schedule reached it first.</summary>
internal sealed class Coverage
{
    private const int Points = 3;

    private static readonly string[] Reachable = ReadReachable();

    private readonly long[] _counts = new long[Cells.Number * Points];
    private readonly (long Schedule, int Aim)[] _first = [.. Enumerable.Repeat((long.MaxValue, Simulator.Schedule.NoAim), Cells.Number)];

    /// <summary>The schedule that is counted now.</summary>
    public long Schedule { get; set; }

    /// <summary>The cell that it aims at.</summary>
    public int Aim { get; set; } = Simulator.Schedule.NoAim;

    /// <summary>Cells of the list in the repository that were not handled.</summary>
    public IReadOnlyList<string> Missing => [.. Reachable.Where(name => Cells.Find(name) is var cell && (cell < 0 || Handled(cell) == 0))];

    /// <summary>Cells that were handled and are not in that list.</summary>
    public IReadOnlyList<string> New => [.. Names.Except(Reachable)];

    /// <summary>Cells of the list in the repository.</summary>
    public static int ReachableCells => Reachable.Length;

    /// <summary>Names of the cells that were handled.</summary>
    public IEnumerable<string> Names => HandledCells.Select(Cells.Name);

    /// <summary>Reached cells at which no crash happened right before, or right after.</summary>
    public IEnumerable<(int Cell, CrashPoint Point, long Schedule, int Aim)> WithoutCrash
        => from cell in HandledCells
           from point in (CrashPoint[])[CrashPoint.Before, CrashPoint.After]
           where Of(cell, point) == 0
           select (cell, point, _first[cell].Schedule, _first[cell].Aim);

    private IEnumerable<int> HandledCells => Enumerable.Range(0, Cells.Number).Where(cell => Handled(cell) > 0);

    public void Count(int cell, CrashPoint point)
    {
        _counts[(cell * Points) + (int)point]++;
        if (Schedule < _first[cell].Schedule)
        {
            _first[cell] = (Schedule, Aim);
        }
    }

    public long Of(int cell, CrashPoint point) => _counts[(cell * Points) + (int)point];

    public void Add(Coverage other)
    {
        for (var i = 0; i < _counts.Length; i++)
        {
            _counts[i] += other._counts[i];
        }

        for (var i = 0; i < _first.Length; i++)
        {
            _first[i] = other._first[i].Schedule < _first[i].Schedule ? other._first[i] : _first[i];
        }
    }

    /// <summary>The table, one row for each cell that was reached or is in the list of reachable ones.</summary>
    public string ToMarkdown()
    {
        var text = new StringBuilder("| machine, state, what it handles | no crash | crash right before | crash right after |\n|---|---:|---:|---:|\n");
        foreach (var cell in HandledCells.Concat(Missing.Select(Cells.Find).Where(c => c >= 0)).Order())
        {
            text.Append(CultureInfo.InvariantCulture, $"| {Cells.Name(cell)} | {Of(cell, CrashPoint.None)} | {Of(cell, CrashPoint.Before)} | {Of(cell, CrashPoint.After)} |\n");
        }

        return text.ToString();
    }

    private long Handled(int cell) => Of(cell, CrashPoint.None) + Of(cell, CrashPoint.After);

    private static string[] ReadReachable()
    {
        using var stream = typeof(Coverage).Assembly.GetManifestResourceStream("reachable.txt")!;
        using var reader = new StreamReader(stream);
        return [.. reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(l => !l.StartsWith('#'))];
    }
}
