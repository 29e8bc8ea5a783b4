using ActorMigration.Contracts.Trust;

namespace ActorMigration.Actors.Trust;

/// <summary>
/// One open connection to the host's TPM. Calls block and are made one at a time, by <see cref="TpmActor"/> (in the daemon) or by the
/// enrolment commands (no daemon running). Every call throws <see cref="TpmUnavailableException"/> when the connection is of no
/// further use, and <see cref="TpmRefusedException"/> when the TPM said no and the connection is as good as before.
///
/// <see cref="IDisposable.Dispose"/> may come from another thread while a call blocks: that call then fails. It sends no command.
/// </summary>
public interface ITpm : IDisposable
{
    /// <summary>
    /// Connects, removes what an earlier connection left in the TPM and makes the attestation key. Called once, before all else; making
    /// the object itself does no I/O, so that its owner can dispose it while this blocks.
    /// </summary>
    void Open();

    /// <summary>
    /// Endorsement keys that have a certificate in the TPM, RSA first; each was made anew and compared with its certificate. Empty when
    /// the maker put none there.
    /// </summary>
    IReadOnlyList<EndorsementKey> ReadEndorsementKeys();

    /// <summary>
    /// The attestation key: restricted, signing only, ECC P-256, a primary of the endorsement hierarchy, so the same bytes every
    /// time until the TPM is cleared. Returns its TPMT_PUBLIC.
    /// </summary>
    byte[] ReadAttestationKey();

    /// <summary>
    /// Opens a credential made for endorsement key <paramref name="ekTemplate"/> and for this TPM's attestation key; returns the
    /// secret. Refused when it was made for another TPM or another key.
    /// </summary>
    byte[] ActivateCredential(EkTemplate ekTemplate, Credential credential);

    /// <summary>Quotes the SHA-256 bank's <paramref name="pcrs"/>; the values returned are those that were quoted.</summary>
    TpmQuote Quote(byte[] qualifyingData, IReadOnlyList<int> pcrs);

    /// <summary>Values in the SHA-256 bank, ascending by index.</summary>
    IReadOnlyList<PcrValue> ReadPcrs(IReadOnlyList<int> pcrs);

    /// <summary>Value of an NV counter, or null when the index is not defined or was never incremented.</summary>
    ulong? ReadCounter(uint nvIndex);

    /// <summary>
    /// Adds one and returns the new value; defines the counter first if need be. A TPM starts a new counter above every value that any
    /// counter of it ever had, so a deleted counter cannot come back lower.
    /// </summary>
    ulong IncrementCounter(uint nvIndex);

    /// <summary>Extends a PCR with a SHA-256 digest. For tests and the lab: nothing in a migration does it.</summary>
    void ExtendPcr(int index, byte[] digest);
}

/// <summary>The endorsement key templates of the TCG EK credential profile that are supported, by their name there.</summary>
public enum EkTemplate
{
    /// <summary>RSA-2048, certificate in NV 0x01C00002.</summary>
    L1 = 1,

    /// <summary>ECC P-256, certificate in NV 0x01C0000A.</summary>
    L2 = 2,

    /// <summary>ECC P-384, certificate in NV 0x01C00016.</summary>
    H3 = 3,
}

/// <summary>An endorsement key with the certificate of its maker.</summary>
/// <param name="Template">How the key is made anew from the TPM's seed.</param>
/// <param name="Certificate">DER, without padding.</param>
public sealed record EndorsementKey(EkTemplate Template, byte[] Certificate);

/// <summary>A secret encrypted to an endorsement key and bound to the name of an attestation key.</summary>
/// <param name="Hmac">Integrity value.</param>
/// <param name="EncryptedIdentity">The secret, encrypted.</param>
/// <param name="EncryptedSeed">The seed: RSA-OAEP ciphertext, or an ephemeral ECC point.</param>
public sealed record Credential(byte[] Hmac, byte[] EncryptedIdentity, byte[] EncryptedSeed);

/// <summary>What a TPM signed, as it signed it.</summary>
public sealed record TpmQuote(byte[] Attest, byte[] Signature, IReadOnlyList<PcrValue> Pcrs);
