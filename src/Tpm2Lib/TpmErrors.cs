namespace Tpm2Lib;

/// <summary>Layout of response codes (Part 1, 39.4): what failed, and at which handle, session or parameter.</summary>
internal static class TpmErrors
{
    private const uint Format1 = 0x080;
    private const uint Format1Code = 0x0BF;
    private const uint Format0Code = 0x97F;

    /// <summary>The code without the bits that number a handle, session or parameter.</summary>
    public static TpmRc ErrorNumber(TpmRc rawResponse)
    {
        var raw = (uint)rawResponse;
        return (TpmRc)(raw & ((raw & Format1) != 0 ? Format1Code : Format0Code));
    }
}
