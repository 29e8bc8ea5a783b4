namespace Tpm2Lib;

public sealed partial class Tpm2
{
    /// <summary>Part 3, 31.6.</summary>
    public NvPublic NvReadPublic(TpmHandle nvIndex, out byte[] nvName)
    {
        (var read, nvName) = Run(
            TpmCommand.NvReadPublic, [nvIndex], static _ => { }, c => (c.Sized<NvPublic>(null), c.Sized16(null)));
        return read;
    }

    /// <summary>Part 3, 31.13. At most <see cref="Pt.NvBufferMax"/> bytes at once.</summary>
    public byte[] NvRead(TpmHandle authHandle, TpmHandle nvIndex, ushort size, ushort offset)
        => Run(
            TpmCommand.NvRead,
            [authHandle, nvIndex],
            c =>
            {
                c.U16(size);
                c.U16(offset);
            },
            c => c.Sized16(null));

    /// <summary>Part 3, 31.3.</summary>
    public void NvDefineSpace(TpmHandle authHandle, byte[] auth, NvPublic publicInfo)
        => Run(
            TpmCommand.NvDefineSpace,
            [authHandle],
            c =>
            {
                c.Sized16(auth);
                c.Sized(publicInfo);
            });

    /// <summary>Part 3, 31.4.</summary>
    public void NvUndefineSpace(TpmHandle authHandle, TpmHandle nvIndex)
        => Run(TpmCommand.NvUndefineSpace, [authHandle, nvIndex], static _ => { });

    /// <summary>Part 3, 31.8.</summary>
    public void NvIncrement(TpmHandle authHandle, TpmHandle nvIndex)
        => Run(TpmCommand.NvIncrement, [authHandle, nvIndex], static _ => { });
}
