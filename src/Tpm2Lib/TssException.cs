namespace Tpm2Lib;

/// <summary>Base of what <see cref="Tpm2"/> throws by itself. Errors of the device pass through as they are.</summary>
public class TssException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The TPM answered with an error. The connection is as good as before.</summary>
public sealed class TpmException(TpmCc command, TpmRc rawResponse)
    : TssException($"{command}: TPM response 0x{(uint)rawResponse:X} {TpmErrors.ErrorNumber(rawResponse)}")
{
    /// <summary>All bits of the response code.</summary>
    public TpmRc RawResponse { get; } = rawResponse;

    /// <summary>Name of the error.</summary>
    public string ErrorString { get; } = TpmErrors.ErrorNumber(rawResponse).ToString();
}

/// <summary>The bytes that came back are not a response to the command. The stream cannot be trusted any further.</summary>
public sealed class TpmMalformedResponseException(string message) : TssException(message);
