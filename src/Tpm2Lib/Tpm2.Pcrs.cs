namespace Tpm2Lib;

public sealed partial class Tpm2
{
    /// <summary>Part 3, 22.4. Returns at most eight values: go on with what <paramref name="pcrSelectionOut"/> lacks.</summary>
    public uint PcrRead(PcrSelection[] pcrSelectionIn, out PcrSelection[] pcrSelectionOut, out Tpm2bDigest[] pcrValues)
    {
        (var counter, pcrSelectionOut, pcrValues) = Run(
            TpmCommand.PcrRead,
            [],
            c => c.List(pcrSelectionIn),
            c => (c.U32(0), c.List<PcrSelection>(null), c.List<Tpm2bDigest>(null)));
        return counter;
    }

    /// <summary>Part 3, 22.2.</summary>
    public void PcrExtend(TpmHandle pcrHandle, TpmHash[] digests)
        => Run(TpmCommand.PcrExtend, [pcrHandle], c => c.List(digests));

    /// <summary>Part 3, 22.8. Of the PCRs a user may reset: 16 and 23.</summary>
    public void PcrReset(TpmHandle pcrHandle)
        => Run(TpmCommand.PcrReset, [pcrHandle], static _ => { });
}
