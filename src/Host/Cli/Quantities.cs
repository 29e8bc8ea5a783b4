using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace ActorMigration.Host.Cli;

/// <summary>Reads and writes amounts as operators type and like to see them. Pure.</summary>
public static class Quantities
{
    private const long Kibi = 1024;

    /// <summary>Reads 512m, 2g, 64k or plain bytes (powers of 1024, as docker does).</summary>
    public static bool TryParseBytes(string text, out long bytes)
    {
        bytes = 0;
        var unit = text.Length > 0 ? char.ToLowerInvariant(text[^1]) : ' ';
        var factor = unit switch { 'k' => Kibi, 'm' => Kibi * Kibi, 'g' => Kibi * Kibi * Kibi, _ => 1 };
        var digits = factor == 1 ? text : text[..^1];
        if (!long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var amount) || amount > long.MaxValue / factor)
        {
            return false;
        }

        bytes = amount * factor;
        return true;
    }

    /// <summary>Reads 1.5 (cores) as 1500 (ms of CPU time per second).</summary>
    public static bool TryParseCpus(string text, out int millis)
    {
        const int MillisPerCore = 1000;
        millis = 0;
        if (!decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var cores) || cores <= 0 || cores > int.MaxValue / MillisPerCore)
        {
            return false;
        }

        millis = (int)(cores * MillisPerCore);
        return millis > 0;
    }

    /// <summary>Reads 10.0.0.5/24.</summary>
    public static bool TryParseAddress(string text, out string address, out int prefix)
    {
        const int AddressBits = 32;
        prefix = 0;
        var parts = text.Split('/');
        address = parts[0];
        return parts.Length == 2
            && address.Count(c => c == '.') == 3
            && IPAddress.TryParse(address, out var ip) && ip.AddressFamily == AddressFamily.InterNetwork && ip.ToString() == address
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out prefix) && prefix is > 0 and < AddressBits;
    }

    /// <summary>Reads 999:999 or 999.</summary>
    public static bool TryParseUser(string text, out int uid, out int gid)
    {
        var parts = text.Split(':');
        gid = 0;
        return int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out uid)
            && (parts.Length == 1 || (parts.Length == 2 && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out gid)));
    }

    /// <summary>1.5 GiB, 12 KiB, 7 B.</summary>
    public static string Bytes(double bytes)
    {
        string[] units = ["B", "KiB", "MiB", "GiB", "TiB"];
        var unit = 0;
        while (bytes >= Kibi && unit < units.Length - 1)
        {
            bytes /= Kibi;
            unit++;
        }

        return bytes.ToString(unit == 0 || bytes >= 100 ? "0" : "0.0", CultureInfo.InvariantCulture) + " " + units[unit];
    }

    /// <summary>1.5 MiB/s.</summary>
    public static string Rate(double bytesPerSecond) => Bytes(bytesPerSecond) + "/s";

    /// <summary>0.25 or 12.5: cores.</summary>
    public static string Cores(double cores) => cores.ToString(cores < 10 ? "0.##" : "0.#", CultureInfo.InvariantCulture);

    /// <summary>317 ms or 12.3 s.</summary>
    public static string Milliseconds(double ms)
    {
        const double Second = 1000;
        const double ShowSecondsFrom = 10 * Second;
        return ms >= ShowSecondsFrom
            ? (ms / Second).ToString("0.0", CultureInfo.InvariantCulture) + " s"
            : ms.ToString(ms < 10 ? "0.0" : "0", CultureInfo.InvariantCulture) + " ms";
    }
}
