using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using ActorMigration.Contracts;

namespace ActorMigration.Host.Linux.Network;

/// <summary>
/// Names of the kernel objects of one container's network at one fence. An interface name has at most 15 characters
/// (IFNAMSIZ), so it carries a hash; the link's alias carries the whole truth and is what an inventory reads.
/// </summary>
internal sealed record PortName(ContainerName Container, Fence Fence)
{
    private const string AliasPrefix = "amig:";

    /// <summary>The end in the host's namespace, in the bridge when plugged.</summary>
    internal string HostEnd => "am" + Hash();

    /// <summary>The bridge's end of the pair that frames are held at.</summary>
    internal string HoldPort => "ah" + Hash();

    /// <summary>The end that the frame holder listens at.</summary>
    internal string HoldTap => "at" + Hash();

    /// <summary>File that the network namespace is mounted on, in the node's own directory.</summary>
    internal string NetnsFile => $"{Container}.{Fence}";

    /// <summary>Alias of each of our links, for example <c>amig:redis:e7o2</c>.</summary>
    internal string Alias => $"{AliasPrefix}{Container}:{Fence}";

    /// <summary>MAC of a host-side end. It begins with fe: a bridge takes the lowest MAC of its ports as its own, and must not change it because of ours.</summary>
    internal byte[] HostSideMac(byte which)
    {
        var hash = SHA256.HashData(Encoding.ASCII.GetBytes(Alias));
        return [0xfe, which, hash[0], hash[1], hash[2], hash[3]];
    }

    /// <summary>Reads what <see cref="Alias"/> writes; false for a link that is not ours.</summary>
    internal static bool TryParse(string alias, out PortName name)
    {
        name = new PortName(default, default);
        if (!alias.StartsWith(AliasPrefix, StringComparison.Ordinal))
        {
            return false;
        }
        var parts = alias[AliasPrefix.Length..].Split(':');
        if (parts.Length != 2 || !ContainerName.IsValid(parts[0]) || !TryParseFence(parts[1], out var fence))
        {
            return false;
        }
        name = new PortName(new ContainerName(parts[0]), fence);
        return true;
    }

    /// <summary>Reads what <see cref="NetnsFile"/> writes.</summary>
    internal static bool TryParseFile(string file, out PortName name)
    {
        var dot = file.LastIndexOf('.');
        return TryParse(dot < 0 ? "" : $"{AliasPrefix}{file[..dot]}:{file[(dot + 1)..]}", out name);
    }

    private static bool TryParseFence(string text, out Fence fence)
    {
        fence = default;
        var o = text.IndexOf('o');
        if (text is not ['e', ..] || o < 2
            || !long.TryParse(text.AsSpan(1, o - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var epoch)
            || !int.TryParse(text.AsSpan(o + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var ordinal))
        {
            return false;
        }
        fence = new Fence(epoch, ordinal);
        return true;
    }

    /// <summary>48 bits: among 100 000 ports on one host the chance of two equal names is 2 in 100 000, and then RTM_NEWLINK says EEXIST.</summary>
    private string Hash() => Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(Alias)))[..12];
}
