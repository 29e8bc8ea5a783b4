using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace ActorMigration.Contracts.Trust;

/// <summary>One voter's judgement of one host.</summary>
/// <param name="Host">The host that was judged.</param>
/// <param name="Trust">The judgement.</param>
/// <param name="SinceUnixMs">Since when, by the voter's clock.</param>
/// <param name="Sentence">Why, for people; empty for <see cref="HostTrust.Unknown"/>.</param>
public sealed record HostJudgement(HostName Host, HostTrust Trust, long SinceUnixMs, string Sentence);

/// <summary>
/// All that one voter judges, told to every member when it changes and from time to time. Signed with the voter's node key, so that no other host can have a host distrusted, or trusted again. Who is not listed is no member;
/// when it comes back it is judged as it was.
/// </summary>
/// <param name="By">The voter.</param>
/// <param name="AtUnixMs">When; a later one replaces an earlier one.</param>
/// <param name="Proved">Hosts whose last evidence was accepted, in name order.</param>
/// <param name="Others">All other members.</param>
/// <param name="Signature">Over <see cref="SignedBytes"/>.</param>
public sealed record TrustWord(HostName By, long AtUnixMs, HostName[] Proved, HostJudgement[] Others, byte[] Signature) : IWire
{
    /// <summary>Characters of a sentence; a longer one is cut by who judges.</summary>
    public const int MostSentence = 512;

    private const string DomainTag = "amig/trust-word/1";

    /// <summary>Whether it can be counted: all parts are there, every host is named once, and nothing is said twice in different ways.</summary>
    public bool IsWhole
    {
        get
        {
            var hosts = new HashSet<string>(StringComparer.Ordinal);
            return Proved is not null && Others is not null && Signature is not null && HostName.IsValid(By.Value)
                   && Array.TrueForAll(Proved, h => HostName.IsValid(h.Value) && hosts.Add(h.Value))
                   && Array.TrueForAll(Others, o => o is { Sentence: not null, Trust: HostTrust.Unknown or HostTrust.Unproved or HostTrust.Rejected } && HostName.IsValid(o.Host.Value) && hosts.Add(o.Host.Value));
        }
    }

    /// <summary>What is signed: a tag, and a digest of everything else, each part with its length before it.</summary>
    public byte[] SignedBytes()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, By.Value);
        Append(hash, AtUnixMs);
        Append(hash, Proved.Length);
        foreach (var host in Proved)
        {
            Append(hash, host.Value);
        }

        Append(hash, Others.Length);
        foreach (var one in Others)
        {
            Append(hash, one.Host.Value);
            Append(hash, (long)one.Trust);
            Append(hash, one.SinceUnixMs);
            Append(hash, one.Sentence);
        }

        return [.. Encoding.UTF8.GetBytes(DomainTag), .. hash.GetHashAndReset()];
    }

    private static void Append(IncrementalHash hash, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        Append(hash, bytes.Length);
        hash.AppendData(bytes);
    }

    private static void Append(IncrementalHash hash, long number)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, number);
        hash.AppendData(bytes);
    }
}
