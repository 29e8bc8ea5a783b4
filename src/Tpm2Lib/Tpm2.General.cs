namespace Tpm2Lib;

public sealed partial class Tpm2
{
    /// <summary>One property; 0 when the TPM does not have it.</summary>
    public static uint GetProperty(Tpm2 tpm, Pt prop)
    {
        tpm.GetCapability(Cap.TpmProperties, (uint)prop, 1, out var data);
        var found = ((TaggedTpmPropertyArray)data).tpmProperty;
        return found.Length > 0 && found[0].property == prop ? found[0].value : 0;
    }

    /// <summary>Part 3, 9.3.</summary>
    public void Startup(Su startupType) => Run(TpmCommand.Startup, [], c => c.U16((ushort)startupType));

    /// <summary>Part 3, 9.4.</summary>
    public void Shutdown(Su shutdownType) => Run(TpmCommand.Shutdown, [], c => c.U16((ushort)shutdownType));

    /// <summary>Part 3, 30.2. Returns 1 when there is more.</summary>
    public byte GetCapability(Cap capability, uint property, uint propertyCount, out ICapabilitiesUnion capabilityData)
    {
        (var more, capabilityData) = Run(
            TpmCommand.GetCapability,
            [],
            c =>
            {
                c.U32((uint)capability);
                c.U32(property);
                c.U32(propertyCount);
            },
            c => (c.U8(0), Unions.Capabilities(c, null)));
        return capabilityData.GetUnionSelector() == capability
            ? more
            : throw new TpmMalformedResponseException($"asked for {capability}, the TPM answered with {capabilityData.GetUnionSelector()}");
    }

    /// <summary>Part 3, 16.1. May return fewer bytes.</summary>
    public byte[] GetRandom(ushort bytesRequested) => Run(TpmCommand.GetRandom, [], c => c.U16(bytesRequested), c => c.Sized16(null));

    /// <summary>Part 3, 29.1.</summary>
    public TimeInfo ReadClock() => Run(TpmCommand.ReadClock, [], static _ => { }, c => c.Inline<TimeInfo>(null));
}
