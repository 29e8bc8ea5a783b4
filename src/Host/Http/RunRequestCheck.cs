using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using ActorMigration.Contracts;

namespace ActorMigration.Host.Http;

/// <summary>
/// Turns what a client sent into a <see cref="ContainerSpec"/>, or refuses it. The CLI checks most of it too, for a better sentence;
/// this is the check that counts. Pure.
/// </summary>
public static partial class RunRequestCheck
{
    /// <summary>Bits of an IPv4 address.</summary>
    private const int AddressBits = 32;

    /// <summary>Bytes: least that IPv4 must carry (RFC 791), and jumbo frames.</summary>
    private const int LeastMtu = 576, MostMtu = 9216;

    /// <summary>Highest signal number (SIGRTMAX on Linux).</summary>
    private const int MostSignal = 64;

    /// <summary>Entries in one list, and characters in one entry: a spec must stay far below <see cref="IWire.MaxBytes"/>.</summary>
    private const int MostEntries = 256, MostCharacters = 4096;

    /// <summary>Highest first octet of an address that one machine can have (224 and up are multicast and reserved), and the loopback net.</summary>
    private const int LastUnicastOctet = 223, LoopbackOctet = 127;

    /// <summary>JSON may hold null where a list promises text; must hold before the lists are read.</summary>
    public static void RequireEntries(RunRequest request)
        => Require(request.Args.Concat(request.Env).Concat(request.Tmpfs).Concat(request.RequiredLabels ?? []).All(one => one is not null), "An entry of a list is null.");

    public static ContainerSpec ToSpec(RunRequest request, string imageDigest)
    {
        RequireEntries(request);
        Require(ContainerName.IsValid(request.Name), $"'{request.Name}' cannot name a container: {ContainerName.Rule}.");
        Require(request.Args.Length > 0 && request.Args[0].Length > 0, "No program is given: name it, with its arguments, after --.");
        Require(request.Env.All(one => one.IndexOf('=') > 0), "Each environment entry must be KEY=VALUE.");
        Require(request.Tmpfs.All(IsPlainPath), "Each tmpfs must be an absolute path without '..'.");
        Require(IsPlainPath(request.WorkingDirectory), $"The working directory '{request.WorkingDirectory}' must be an absolute path without '..'.");
        Require(request is { Uid: >= 0, Gid: >= 0, MemoryBytes: >= 0, CpuMillis: >= 0, Pids: >= 0 }, "User, group and limits cannot be negative.");
        Require(request.StopSignal is > 0 and <= MostSignal, $"The stop signal must be from 1 to {MostSignal}.");
        foreach (var list in new[] { request.Args, request.Env, request.Tmpfs })
        {
            Require(list.Length <= MostEntries, $"More than {MostEntries} entries in one list.");
            Require(list.All(one => one.Length <= MostCharacters && !one.Contains('\0')), $"An entry is longer than {MostCharacters} characters or holds a NUL.");
        }

        var name = new ContainerName(request.Name);
        return new ContainerSpec(
            name,
            imageDigest,
            request.Args,
            request.Env,
            request.WorkingDirectory,
            request.Uid,
            request.Gid,
            Network(request, name),
            new ContainerLimits(request.MemoryBytes, request.CpuMillis, request.Pids),
            request.Tmpfs,
            request.StopSignal)
        {
            Placement = Placement(request),
        };
    }

    /// <summary>The MAC of a container that was given none: locally administered, from the name, the same whoever computes it.</summary>
    public static string MacOf(ContainerName name)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes("amig-mac:" + name.Value));
        // Bit 1 of the first octet: locally administered; bit 0 clear: unicast.
        hash[0] = (byte)((hash[0] & 0xFC) | 0x02);
        return string.Join(':', hash.Take(6).Select(octet => Convert.ToHexStringLower([octet])));
    }

    private static ContainerPlacement Placement(RunRequest request)
    {
        var placement = new ContainerPlacement(request.Pinned, request.RequiredLabels ?? [], request.ApartFrom, request.TogetherWith);
        var whyNot = placement.WhyNot();
        Require(whyNot is null, $"{whyNot?[..1].ToUpperInvariant()}{whyNot?[1..]}.");
        return placement;
    }

    private static ContainerNetwork Network(RunRequest request, ContainerName name)
    {
        Require(IsIPv4(request.Address), $"'{request.Address}' is not an IPv4 address.");
        Require(request.PrefixLength is > 0 and < AddressBits, $"The prefix must be from 1 to {AddressBits - 1} bits.");
        Require(request.Gateway.Length == 0 || IsIPv4(request.Gateway), $"The gateway '{request.Gateway}' is not an IPv4 address.");
        Require(request.Mtu is >= LeastMtu and <= MostMtu, $"The MTU must be from {LeastMtu} to {MostMtu} bytes.");
        Require(
            IsHostAddress(request.Address, request.PrefixLength),
            $"{request.Address}/{request.PrefixLength} cannot be the address of a container: it is the address of a network, broadcast, multicast, loopback or reserved.");
        Require(
            request.Gateway.Length == 0
            || (request.Gateway != request.Address && IsHostAddress(request.Gateway, request.PrefixLength) && NetworkOf(request.Gateway, request.PrefixLength) == NetworkOf(request.Address, request.PrefixLength)),
            $"The gateway {request.Gateway} is not another address in the network of {request.Address}/{request.PrefixLength}.");
        var mac = request.Mac.Length == 0 ? MacOf(name) : request.Mac.ToLowerInvariant();
        Require(
            MacPattern().IsMatch(mac),
            $"The MAC '{request.Mac}' must be six hex pairs with colons whose first pair ends in 2, 6, a or e (locally administered, unicast).");
        return new ContainerNetwork(request.Address, request.PrefixLength, mac, request.Gateway, request.Mtu);
    }

    private static bool IsIPv4(string text)
        => IPAddress.TryParse(text, out var address) && address.AddressFamily == AddressFamily.InterNetwork && address.ToString() == text;

    /// <summary>One that a single machine can have in a network of this prefix; networks of 31 bits have no address of their own and no broadcast (RFC 3021).</summary>
    private static bool IsHostAddress(string address, int prefix)
    {
        var octet = IPAddress.Parse(address).GetAddressBytes()[0];
        var rest = Bits(address) & ~Mask(prefix);
        return octet is > 0 and <= LastUnicastOctet and not LoopbackOctet && (prefix == AddressBits - 1 || (rest != 0 && rest != ~Mask(prefix)));
    }

    private static uint NetworkOf(string address, int prefix) => Bits(address) & Mask(prefix);

    private static uint Bits(string address) => BinaryPrimitives.ReadUInt32BigEndian(IPAddress.Parse(address).GetAddressBytes());

    private static uint Mask(int prefix) => uint.MaxValue << (AddressBits - prefix);

    private static bool IsPlainPath(string path) => path.StartsWith('/') && !path.Split('/').Contains("..");

    private static void Require(bool holds, string sentence)
    {
        if (!holds)
        {
            throw new ApiException(RequestFailure.InvalidRequest, sentence);
        }
    }

    [GeneratedRegex("^[0-9a-f][26ae](:[0-9a-f]{2}){5}$")]
    private static partial Regex MacPattern();
}
