using System.Buffers.Binary;
using Tpm2Lib;

namespace ActorMigration.Host.Trust.Tpm;

public sealed partial class Tpm2Chip
{
    /// <summary>
    /// Readable and countable with the empty password, so that the daemon needs no owner password once it is defined; NoDa, so that a
    /// lockout does not stop it.
    /// </summary>
    private const NvAttr CounterAttributes = NvAttr.Counter | NvAttr.Authwrite | NvAttr.Authread | NvAttr.Ownerread | NvAttr.NoDa;

    private const ushort CounterBytes = 8;

    public ulong? ReadCounter(uint nvIndex) => Ask("read a counter", () => Read(new TpmHandle(nvIndex)));

    public ulong IncrementCounter(uint nvIndex) => Ask("count", () =>
    {
        var nv = new TpmHandle(nvIndex);
        try
        {
            _tpm.NvReadPublic(nv, out _);
        }
        catch (TpmException e) when (ErrorOf(e) == TpmRc.Handle)
        {
            _tpm.NvDefineSpace(TpmRh.Owner, [], new NvPublic(nv, TpmAlgId.Sha256, CounterAttributes, [], CounterBytes));
        }

        _tpm.NvIncrement(nv, nv);
        return Read(nv) ?? throw new IOException($"the counter 0x{nvIndex:X8} has no value after it counted");
    });

    /// <summary>Takes a counter out of the TPM; a later one starts above its value. For taking a host out of service, and for tests.</summary>
    public void RemoveCounter(uint nvIndex) => Ask("remove a counter", () =>
    {
        _tpm.NvUndefineSpace(TpmRh.Owner, new TpmHandle(nvIndex));
        return 0;
    });

    private ulong? Read(TpmHandle nv)
    {
        try
        {
            return BinaryPrimitives.ReadUInt64BigEndian(_tpm.NvRead(nv, nv, CounterBytes, 0));
        }
        catch (TpmException e) when (ErrorOf(e) is TpmRc.Handle or TpmRc.NvUninitialized)
        {
            return null;
        }
    }
}
