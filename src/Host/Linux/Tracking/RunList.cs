using System.Collections.Immutable;
using ActorMigration.Contracts.Memory;

namespace ActorMigration.Host.Linux.Tracking;

/// <summary>Address ranges in ascending order, neighbours merged: the pages that exist in one frozen process.</summary>
internal sealed class RunList
{
    private readonly List<(ulong Start, ulong End)> _runs = [];

    internal IReadOnlyList<(ulong Start, ulong End)> Runs => _runs;

    /// <summary>Appends; the ranges come in the order of addresses, as maps and scans give them.</summary>
    internal void Append(ulong start, ulong end)
    {
        if (_runs.Count > 0 && start < _runs[^1].End)
        {
            throw new ArgumentException($"0x{start:x} comes after 0x{_runs[^1].End:x}", nameof(start));
        }

        if (_runs.Count > 0 && _runs[^1].End == start)
        {
            _runs[^1] = (_runs[^1].Start, end);
        }
        else if (start < end)
        {
            _runs.Add((start, end));
        }
    }

    /// <summary>The runs of the final index: these ranges, cut where the version changes. Every page must have one.</summary>
    internal ImmutableArray<PageRun> WithVersions(PageVersions versions)
    {
        var result = ImmutableArray.CreateBuilder<PageRun>();
        foreach (var (start, end) in _runs)
        {
            for (var address = start; address < end;)
            {
                var (next, round) = versions.FirstRun(address, end);
                var count = (long)((next - address) >> PageSize.Shift);
                result.Add(new PageRun(address, count, round ?? throw new InvalidOperationException($"the page at 0x{address:x} exists and was never sent")));
                address = next;
            }
        }

        return result.ToImmutable();
    }
}
