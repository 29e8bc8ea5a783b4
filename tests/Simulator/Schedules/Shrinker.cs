namespace ActorMigration.Simulator;

/// <summary>Takes lines out of a script as long as the same violation stays: first the tail, then ever smaller pieces of the rest.</summary>
internal static class Shrinker
{
    /// <summary>Replays that one violation is worth; a replay takes about a millisecond.</summary>
    private const int MostReplays = 20_000;

    public static Script Shrink(Script script)
    {
        var violation = script.Replay().Violation?.Kind;
        var lines = script.Lines.ToList();
        var replays = 0;
        bool Stays(List<string> some) => ++replays <= MostReplays && (script with { Lines = some }).Replay().Violation?.Kind == violation;

        for (var piece = Math.Max(lines.Count / 2, 1); ; piece /= 2)
        {
            var isShorter = false;
            for (var at = lines.Count - piece; at >= 0; at = Math.Min(at - piece, lines.Count - piece))
            {
                var without = lines.ToList();
                without.RemoveRange(at, piece);
                if (Stays(without))
                {
                    (lines, isShorter) = (without, true);
                }
            }

            if (piece == 1)
            {
                if (!isShorter || replays > MostReplays)
                {
                    return script with { Lines = lines };
                }

                piece = 2;
            }
        }
    }
}
