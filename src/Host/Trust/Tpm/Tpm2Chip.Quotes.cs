using System.Security.Cryptography;
using ActorMigration.Actors.Trust;
using ActorMigration.Contracts.Trust;
using Tpm2Lib;

namespace ActorMigration.Host.Trust.Tpm;

public sealed partial class Tpm2Chip
{
    /// <summary>Quotes tried while PCRs change between quote and reading. PCRs of a running system change seldom; eight in a row do not.</summary>
    private const int MaxQuoteTries = 8;

    /// <summary>The signature follows the algorithm's number, as in TPMT_SIGNATURE.</summary>
    private static readonly byte[] EcdsaTag = [0x00, 0x18];

    public TpmQuote Quote(byte[] qualifyingData, IReadOnlyList<int> pcrs) => Ask("quote", () =>
    {
        var selection = new PcrSelection(TpmAlgId.Sha256, pcrs.Select(p => (uint)p));
        for (var tries = 0; tries < MaxQuoteTries; tries++)
        {
            var attest = _tpm.Quote(Ak, qualifyingData, new NullSigScheme(), [selection], out var signature);
            var values = ReadPcrValues(pcrs);
            var digest = SHA256.HashData([.. values.SelectMany(v => v.Digest)]);
            if (((QuoteInfo)attest.attested!).pcrDigest.AsSpan().SequenceEqual(digest))
            {
                var ecdsa = (SignatureEcdsa)signature;
                return new TpmQuote(attest.GetTpmRepresentation(), [.. EcdsaTag, .. ecdsa.GetTpmRepresentation()], values);
            }
        }

        throw new TpmRefusedException($"the PCRs {string.Join(',', pcrs)} of the TPM {_address} changed during each of {MaxQuoteTries} quotes");
    });

    public IReadOnlyList<PcrValue> ReadPcrs(IReadOnlyList<int> pcrs) => Ask("read PCRs", () => ReadPcrValues(pcrs));

    public void ExtendPcr(int index, byte[] digest) => Ask("extend a PCR", () =>
    {
        _tpm.PcrExtend(TpmHandle.Pcr(index), [new TpmHash(TpmAlgId.Sha256, digest)]);
        return 0;
    });

    /// <summary>Sets PCR 16 or 23 to zero; a TPM lets user space reset no other. For tests and the lab.</summary>
    public void ResetPcr(int index) => Ask("reset a PCR", () =>
    {
        _tpm.PcrReset(TpmHandle.Pcr(index));
        return 0;
    });

    /// <summary>A TPM gives at most eight values per command, and none, without an error, of a bank that it does not have.</summary>
    private List<PcrValue> ReadPcrValues(IReadOnlyList<int> pcrs)
    {
        var values = new SortedDictionary<int, PcrValue>();
        while (pcrs.Where(p => !values.ContainsKey(p)).Select(p => (uint)p).ToArray() is { Length: > 0 } missing)
        {
            _tpm.PcrRead([new PcrSelection(TpmAlgId.Sha256, missing)], out var got, out var digests);
            var indices = got.Where(s => s.hash == TpmAlgId.Sha256).SelectMany(s => s.GetSelectedPcrs()).ToArray();
            if (indices.Length == 0 || indices.Length != digests.Length)
            {
                throw new TpmRefusedException(
                    $"the TPM {_address} has no SHA-256 value of PCRs {string.Join(',', missing)}: its SHA-256 bank is switched off");
            }

            foreach (var (index, digest) in indices.Zip(digests))
            {
                values[(int)index] = new PcrValue(PcrBank.Sha256, (int)index, digest.buffer);
            }
        }

        return [.. values.Values];
    }
}
