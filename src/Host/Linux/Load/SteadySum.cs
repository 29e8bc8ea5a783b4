namespace ActorMigration.Host.Linux.Load;

/// <summary>
/// A counter that never goes back, over a sum that sometimes does. A sum that is lower once lacks a process that has ended and was not waited for yet: it comes back, and must not be counted again. One that stays lower has lost it
/// (nobody waits, as where SIGCHLD is ignored): it is counted on from there.
/// </summary>
internal sealed class SteadySum
{
    private double _total;
    private double _base;
    private bool _isLow;

    /// <summary>The counter, at the next sum.</summary>
    internal double After(double sum)
    {
        if (sum < _base && !_isLow)
        {
            _isLow = true;
            return _total;
        }

        _total += Math.Max(sum - _base, 0);
        (_base, _isLow) = (sum, false);
        return _total;
    }
}
