namespace Tpm2Lib;

/// <summary>Bytes to structures; the way back is <see cref="TpmStructureBase.GetTpmRepresentation"/>.</summary>
public static class Marshaller
{
    /// <summary>Reads exactly one structure. Throws <see cref="TpmMalformedResponseException"/> for too few or too many bytes.</summary>
    public static T FromTpmRepresentation<T>(byte[] b)
        where T : TpmStructureBase, new()
    {
        var codec = new TpmCodec(b);
        var structure = codec.Inline<T>(null);
        codec.End(typeof(T).Name);
        return structure;
    }
}
