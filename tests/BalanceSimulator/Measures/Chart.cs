using System.Globalization;
using System.Text;

namespace ActorMigration.BalanceSimulator;

/// <summary>Imbalance over time, a line per strategy, as SVG text.</summary>
internal static class Chart
{
    /// <summary>Points of a line, each the mean of its rounds: more than a pixel shows makes files large.</summary>
    private const int Points = 120;

    /// <summary>In pixels: the drawing, and what is left for numbers and names.</summary>
    private const int Width = 720;
    private const int Height = 300;
    private const int Left = 50;
    private const int Right = 110;
    private const int Top = 30;
    private const int Bottom = 40;

    /// <summary>Lines across.</summary>
    private const int Steps = 4;

    /// <summary>One for each strategy, told apart by most eyes.</summary>
    private static readonly string[] Colours = ["#0072b2", "#d55e00", "#cc79a7", "#009e73", "#999999", "#e69f00", "#000000"];

    public static string Of(TraceShape shape, IReadOnlyList<(string Name, IReadOnlyList<double> Values)> lines)
    {
        var lowered = lines.Select(l => (l.Name, Values: Lower(l.Values))).ToArray();
        var most = Math.Max(1e-9, lowered.Max(l => l.Values.Max())) * 1.05;
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{Width}\" height=\"{Height}\" font-family=\"sans-serif\" font-size=\"12\">\n");
        text.Append("<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n");
        text.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left}\" y=\"18\">Imbalance, {shape.Hosts} hosts, {shape.Containers} containers, seed {shape.Seed}</text>\n");
        for (var step = 0; step <= Steps; step++)
        {
            var (x, y) = (X((double)step / Steps), Y((double)step / Steps));
            text.Append(CultureInfo.InvariantCulture, $"<path d=\"M{Left} {y:0.#}H{Width - Right}\" stroke=\"#ddd\"/><text x=\"{Left - 6}\" y=\"{y + 4:0.#}\" text-anchor=\"end\">{most * step / Steps:0.00}</text>");
            text.Append(CultureInfo.InvariantCulture, $"<text x=\"{x:0.#}\" y=\"{Height - Bottom + 18}\" text-anchor=\"middle\">{shape.Hours * step / Steps:0.##} h</text>\n");
        }

        // The last one written lies on top: the first of the list.
        for (var line = lowered.Length - 1; line >= 0; line--)
        {
            var (name, values) = lowered[line];
            var points = string.Join(' ', values.Select((v, i) => string.Create(CultureInfo.InvariantCulture, $"{X((i + 0.5) / values.Length):0.#},{Y(v / most):0.#}")));
            var colour = Colours[line % Colours.Length];
            text.Append(CultureInfo.InvariantCulture, $"<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"{(line == 0 ? 2.5 : 1.2)}\" points=\"{points}\"/>\n");
            text.Append(CultureInfo.InvariantCulture, $"<text x=\"{Width - Right + 8}\" y=\"{Top + 12 + (line * 18)}\" fill=\"{colour}\">{name}</text>\n");
        }

        return text.Append("</svg>\n").ToString();
    }

    private static double X(double share) => Left + (share * (Width - Left - Right));

    private static double Y(double share) => Height - Bottom - (share * (Height - Top - Bottom));

    private static double[] Lower(IReadOnlyList<double> values)
    {
        var points = Math.Min(Points, values.Count);
        return [.. Enumerable.Range(0, points).Select(p => values.Skip(p * values.Count / points).Take(((p + 1) * values.Count / points) - (p * values.Count / points)).Average())];
    }
}
