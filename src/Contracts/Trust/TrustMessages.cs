namespace ActorMigration.Contracts.Trust;

/// <summary>A voter's trust actor to that of any member: prove what you are. Answer: <see cref="HostProof"/> or <see cref="ProofImpossible"/>.</summary>
/// <param name="Nonce"><see cref="AttestationBinding.NonceBytes"/> fresh random bytes of the voter.</param>
/// <param name="PolicyDigest">Digest of the policy by which the voter will judge.</param>
public sealed record ProveHost(byte[] Nonce, byte[] PolicyDigest) : IWire;

/// <summary>The answer to <see cref="ProveHost"/>.</summary>
/// <param name="Host">Who proves.</param>
/// <param name="Nonce">Its own fresh nonce, so that no voter chooses all of what is quoted.</param>
/// <param name="Evidence">Over <see cref="AttestationBinding.OfHost"/> with both; as untrusted as everything before it was checked.</param>
public sealed record HostProof(HostName Host, byte[] Nonce, Evidence Evidence) : IWire;

/// <summary>The other answer to <see cref="ProveHost"/>: its TPM does not answer. That is no reason to distrust the host, but for a while only.</summary>
/// <param name="Host">Who says so.</param>
/// <param name="Sentence">Why.</param>
public sealed record ProofImpossible(HostName Host, string Sentence) : IWire;
