namespace ActorMigration.Nodes;

/// <summary>Statistics of a few numbers. Pure.</summary>
internal static class Figures
{
    public static double? Median(this IReadOnlyCollection<double> numbers) => numbers.Count == 0 ? null : numbers.Order().ElementAt(numbers.Count / 2);

    public static double? Rounded(this double? number, int digits) => number is { } n ? Math.Round(n, digits) : null;

    public static double Rounded(this double number, int digits) => Math.Round(number, digits);
}
