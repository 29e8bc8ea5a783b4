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

    /// <summary>What is signed: a tag and everything else, in the encoding of decision records.</summary>
    public byte[] SignedBytes()
    {
        var writer = new WireWriter().Text(DomainTag).Text(By.Value).I64(AtUnixMs).I32(Proved.Length);
        foreach (var host in Proved)
        {
            writer.Text(host.Value);
        }

        writer.I32(Others.Length);
        foreach (var one in Others)
        {
            writer.Text(one.Host.Value).I32((int)one.Trust).I64(one.SinceUnixMs).Text(one.Sentence);
        }

        return writer.ToArray();
    }
}
