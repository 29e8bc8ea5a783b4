using ActorMigration.Simulator;

namespace ActorMigration.BalanceSimulator;

/// <summary>
/// Distributions from <see cref="Chance"/>. Only with what IEEE 754 says to the last bit (sums, products, quotients, square roots): logarithms, powers and sines are the C library's, and not the same everywhere.
/// </summary>
internal static class Draws
{
    /// <summary>Pareto with exponent 4/3, so that a hundredth of the containers carries a tenth of the load; from 1 on, cut at <paramref name="most"/>.</summary>
    public static double HeavyTailed(this Chance chance, double most)
    {
        var root = Math.Sqrt(1 - chance.Share());
        return Math.Min(most, 1 / (root * Math.Sqrt(root)));
    }

    /// <summary>Mean 0, variance 1, never beyond 3: three uniform ones added.</summary>
    public static double Bell(this Chance chance) => 2 * (chance.Share() + chance.Share() + chance.Share() - 1.5);

    /// <summary>True in this round for what happens once in so many seconds on average.</summary>
    public static bool Within(this Chance chance, double meanSeconds) => chance.Share() * meanSeconds < TraceShape.RoundSeconds;

    /// <summary>Two parabolas in the place of a sine: 0 at 0, 1 at a quarter, -1 at three quarters.</summary>
    /// <param name="turns">How many turns; only what is behind the point counts.</param>
    public static double Wave(double turns)
    {
        var x = (2 * (turns - Math.Floor(turns))) - 1;
        return -4 * x * (1 - Math.Abs(x));
    }
}
