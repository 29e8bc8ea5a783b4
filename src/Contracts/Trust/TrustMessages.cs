namespace ActorMigration.Contracts.Trust;

/// <summary>
/// A voter's trust actor to that of any member: prove what you are. Signed, so that nobody but a voter keeps a host's TPM busy. Answer: <see cref="HostProof"/> or <see cref="ProofImpossible"/>, to the trust actor of the voter that it names,
/// whoever has sent it.
/// </summary>
/// <param name="By">The voter.</param>
/// <param name="Host">Who is asked.</param>
/// <param name="Nonce"><see cref="AttestationBinding.NonceBytes"/> fresh random bytes of the voter. Nobody else knows them, so an answer that names them is that host's.</param>
/// <param name="PolicyDigest">Digest of the policy by which the voter will judge.</param>
/// <param name="Pcrs">What to quote, ascending: the PCRs of that policy. The host's own policy may be another one while they are being changed.</param>
/// <param name="Signature">By the voter's node key over <see cref="SignedBytes"/>.</param>
public sealed record ProveHost(HostName By, HostName Host, byte[] Nonce, byte[] PolicyDigest, int[] Pcrs, byte[] Signature) : IWire
{
    private const string DomainTag = "amig/prove-host/1";

    /// <summary>What is signed: a tag and everything else, in the encoding of decision records.</summary>
    public byte[] SignedBytes()
        => new WireWriter().Text(DomainTag).Text(By.Value).Text(Host.Value).Bytes(Nonce).Bytes(PolicyDigest).Bytes([.. Pcrs.Select(pcr => (byte)pcr)]).ToArray();

    /// <summary>Whether all parts are there and in their bounds; records off the wire may hold anything whatever their types say.</summary>
    public bool IsWhole
        => HostName.IsValid(By.Value) && HostName.IsValid(Host.Value) && Nonce is { Length: AttestationBinding.NonceBytes } && PolicyDigest is { Length: AttestationBinding.NonceBytes } && Signature is not null
           && Pcrs is { Length: > 0 and <= PcrValue.MaxIndex + 1 } && Pcrs[0] >= 0 && Pcrs[^1] <= PcrValue.MaxIndex && Pcrs.Zip(Pcrs.Skip(1)).All(pair => pair.First < pair.Second);
}

/// <summary>The answer to <see cref="ProveHost"/>.</summary>
/// <param name="Host">Who proves.</param>
/// <param name="Question">The question's nonce.</param>
/// <param name="Nonce">The host's own fresh nonce, so that no voter chooses all of what is quoted.</param>
/// <param name="Evidence">Over <see cref="AttestationBinding.OfHost"/> with both; as untrusted as everything before it was checked.</param>
public sealed record HostProof(HostName Host, byte[] Question, byte[] Nonce, Evidence Evidence) : IWire;

/// <summary>The other answer to <see cref="ProveHost"/>: its TPM does not answer. That is no reason to distrust the host, but for a while only.</summary>
/// <param name="Host">Who says so.</param>
/// <param name="Question">The question's nonce.</param>
/// <param name="Sentence">Why.</param>
public sealed record ProofImpossible(HostName Host, byte[] Question, string Sentence) : IWire;
