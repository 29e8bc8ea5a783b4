using System.Globalization;
using System.Net;

namespace ActorMigration.Host.Trust.Tpm;

/// <summary>How a TPM is reached.</summary>
public enum TpmTransport
{
    /// <summary>swtpm on a Unix socket.</summary>
    Unix,

    /// <summary>swtpm on a TCP port.</summary>
    Tcp,

    /// <summary>A character device of the kernel.</summary>
    Device,
}

/// <summary>
/// One TPM, named by the operator: <c>unix:PATH</c>, <c>tcp:ADDRESS:PORT</c> or <c>device:/dev/tpmrm0</c>. Never guessed, and never another
/// one when this one is missing: a quote of the wrong TPM is worse than none.
/// </summary>
/// <param name="Transport">How to reach it.</param>
/// <param name="Path">Path of the socket or device, or IP address.</param>
/// <param name="Port">TCP port; 0 for the others.</param>
public sealed record TpmAddress(TpmTransport Transport, string Path, int Port)
{
    /// <summary>What an operator reads when an address is refused.</summary>
    public const string Rule = "a TPM is named unix:PATH, tcp:ADDRESS:PORT or device:PATH (for example device:/dev/tpmrm0)";

    public static bool TryParse(string? text, out TpmAddress address)
    {
        address = new TpmAddress(TpmTransport.Unix, "", 0);
        var (scheme, rest) = text?.IndexOf(':', StringComparison.Ordinal) is { } colon and > 0 ? (text[..colon], text[(colon + 1)..]) : ("", "");
        switch (scheme)
        {
            case "unix" when rest.StartsWith('/'):
                address = new TpmAddress(TpmTransport.Unix, rest, 0);
                return true;
            case "device" when rest.StartsWith('/'):
                address = new TpmAddress(TpmTransport.Device, rest, 0);
                return true;
            case "tcp":
                var last = rest.LastIndexOf(':');
                if (last > 0
                    && IPAddress.TryParse(rest[..last], out var ip)
                    && ushort.TryParse(rest[(last + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var port)
                    && port > 0)
                {
                    address = new TpmAddress(TpmTransport.Tcp, ip.ToString(), port);
                    return true;
                }

                return false;
            default:
                return false;
        }
    }

    public override string ToString() => Transport switch
    {
        TpmTransport.Tcp => string.Create(CultureInfo.InvariantCulture, $"tcp:{Path}:{Port}"),
        TpmTransport.Device => $"device:{Path}",
        _ => $"unix:{Path}",
    };
}
