using System.Collections.Immutable;

namespace ActorMigration.Actors;

/// <summary>
/// Mean of a quantity over the last moments, for each of <see cref="LoadWindows.All"/>: exponentially weighted by the time that each value stood. A value that stood for twice as long counts as if it had come
/// twice, so that it does not matter when samples come. Divided by the weight that there is so far, so that a young mean is that of what was seen, and not one that begins at 0. Immutable. Pure.
/// </summary>
internal sealed class WindowedMean
{
    /// <summary>A mean that is made of less than this is forgotten: nothing was known for 14 windows.</summary>
    private const double LeastWeight = 1e-6;

    private readonly ImmutableArray<double> _sums;
    private readonly ImmutableArray<double> _weights;

    private WindowedMean(ImmutableArray<double> sums, ImmutableArray<double> weights)
    {
        _sums = sums;
        _weights = weights;
    }

    /// <summary>Of nothing.</summary>
    internal static WindowedMean None { get; } = new([.. LoadWindows.All.Select(_ => 0.0)], [.. LoadWindows.All.Select(_ => 0.0)]);

    /// <summary>The mean; null while there is nothing to take it of.</summary>
    internal double? Over(TimeSpan window)
    {
        var i = LoadWindows.All.IndexOf(window);
        return _weights[i] > LeastWeight ? _sums[i] / _weights[i] : null;
    }

    /// <summary>The quantity was <paramref name="value"/> for <paramref name="time"/>; null when it is not known what it was, and then all that is known is older by so much.</summary>
    internal WindowedMean After(double? value, TimeSpan time)
    {
        var sums = _sums.ToBuilder();
        var weights = _weights.ToBuilder();
        for (var i = 0; i < LoadWindows.All.Length; i++)
        {
            var kept = Math.Exp(-(time / LoadWindows.All[i]));
            sums[i] = (sums[i] * kept) + ((value ?? 0) * (1 - kept));
            weights[i] = (weights[i] * kept) + (value is null ? 0 : 1 - kept);
        }

        return new WindowedMean(sums.MoveToImmutable(), weights.MoveToImmutable());
    }
}
