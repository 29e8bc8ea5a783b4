namespace Tpm2Lib;

/// <summary>TPMS_PCR_SELECTION: hash, size of bitmap, bitmap; PCR n is bit n % 8 of byte n / 8.</summary>
public sealed class PcrSelection : TpmStructureBase
{
    /// <summary>PCRs 0 to 23: the three bytes that PC client TPMs ask for.</summary>
    private const uint DefaultPcrs = 24;

    public byte[] pcrSelect = [];

    public PcrSelection()
    {
    }

    public PcrSelection(TpmAlgId hash, byte[] pcrSelect)
    {
        this.hash = hash;
        this.pcrSelect = pcrSelect;
    }

    public PcrSelection(TpmAlgId hashAlg, IEnumerable<uint> indices, uint maxPcrs = 0)
    {
        hash = hashAlg;
        pcrSelect = new byte[((maxPcrs == 0 ? DefaultPcrs : maxPcrs) + 7) / 8];
        foreach (var index in indices)
        {
            pcrSelect[index / 8] |= (byte)(1 << (int)(index % 8));
        }
    }

    public TpmAlgId hash { get; set; }

    public uint[] GetSelectedPcrs()
        => [.. Enumerable.Range(0, 8 * pcrSelect.Length).Where(i => (pcrSelect[i / 8] & (1 << (i % 8))) != 0).Select(i => (uint)i)];

    internal override void Transfer(TpmCodec codec)
    {
        hash = codec.Algorithm(hash);
        pcrSelect = codec.Sized8(pcrSelect);
    }
}
