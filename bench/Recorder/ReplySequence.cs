namespace ActorMigration.Recorder;

/// <summary>
/// Judges the numbers that come back from INCR on a key which nobody else writes: each must be the one before plus one. Pure; fed by
/// <see cref="IncrRecording"/> with every reply and its time.
/// </summary>
/// <param name="noteworthyGapMs">Gaps between two replies that are at least this long, ms, are kept one by one.</param>
public sealed class ReplySequence(double noteworthyGapMs)
{
    /// <summary>Most gaps kept one by one; beyond it only the maximum and the count go on. Bounds memory under a server that is always slow.</summary>
    public const int MostGapsKept = 10_000;

    private readonly List<ReplyGap> _gaps = [];
    private double _lastUnixMs;

    /// <summary>Replies seen.</summary>
    public long Replies { get; private set; }

    /// <summary>The first number; 0 before any.</summary>
    public long First { get; private set; }

    /// <summary>The latest number; 0 before any.</summary>
    public long Last { get; private set; }

    /// <summary>Numbers that were skipped.</summary>
    public long Lost { get; private set; }

    /// <summary>Replies whose number had been given out before.</summary>
    public long Repeated { get; private set; }

    /// <summary>Longest time between two replies, ms.</summary>
    public double GapMsMax { get; private set; }

    /// <summary>Gaps of at least the noteworthy length, in order.</summary>
    public IReadOnlyList<ReplyGap> Gaps => _gaps;

    /// <param name="value">The number in the reply.</param>
    /// <param name="unixMs">When it arrived, ms since 1970, by a clock that does not step.</param>
    public void Add(long value, double unixMs)
    {
        if (Replies == 0)
        {
            First = value;
            Last = value;
        }
        else
        {
            NoteGap(unixMs, value);
            Judge(value);
        }

        Replies++;
        _lastUnixMs = unixMs;
    }

    private void Judge(long value)
    {
        if (value <= Last)
        {
            Repeated++;
            return;
        }

        Lost += value - Last - 1;
        Last = value;
    }

    private void NoteGap(double unixMs, long value)
    {
        double gap = unixMs - _lastUnixMs;
        GapMsMax = Math.Max(GapMsMax, gap);
        if (gap >= noteworthyGapMs && _gaps.Count < MostGapsKept)
        {
            _gaps.Add(new ReplyGap(Math.Round(_lastUnixMs, 1), Math.Round(gap, 1), value));
        }
    }
}
