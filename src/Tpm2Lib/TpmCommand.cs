namespace Tpm2Lib;

/// <summary>Shape of a command: what stands before its parameters. From the tables of TPM 2.0 Part 3.</summary>
/// <param name="Code">Command code.</param>
/// <param name="AuthHandles">How many of its handles, the first ones, need authorisation.</param>
/// <param name="ReturnsHandle">Whether a handle stands before the response's parameters.</param>
internal readonly record struct TpmCommand(TpmCc Code, int AuthHandles = 0, bool ReturnsHandle = false)
{
    public static readonly TpmCommand Startup = new(TpmCc.Startup);
    public static readonly TpmCommand Shutdown = new(TpmCc.Shutdown);
    public static readonly TpmCommand GetCapability = new(TpmCc.GetCapability);
    public static readonly TpmCommand GetRandom = new(TpmCc.GetRandom);
    public static readonly TpmCommand ReadClock = new(TpmCc.ReadClock);
    public static readonly TpmCommand FlushContext = new(TpmCc.FlushContext);
    public static readonly TpmCommand StartAuthSession = new(TpmCc.StartAuthSession, ReturnsHandle: true);
    public static readonly TpmCommand PolicySecret = new(TpmCc.PolicySecret, AuthHandles: 1);
    public static readonly TpmCommand CreatePrimary = new(TpmCc.CreatePrimary, AuthHandles: 1, ReturnsHandle: true);
    public static readonly TpmCommand ReadPublic = new(TpmCc.ReadPublic);
    public static readonly TpmCommand ActivateCredential = new(TpmCc.ActivateCredential, AuthHandles: 2);
    public static readonly TpmCommand Quote = new(TpmCc.Quote, AuthHandles: 1);
    public static readonly TpmCommand PcrRead = new(TpmCc.PcrRead);
    public static readonly TpmCommand PcrExtend = new(TpmCc.PcrExtend, AuthHandles: 1);
    public static readonly TpmCommand PcrReset = new(TpmCc.PcrReset, AuthHandles: 1);
    public static readonly TpmCommand NvReadPublic = new(TpmCc.NvReadPublic);
    public static readonly TpmCommand NvRead = new(TpmCc.NvRead, AuthHandles: 1);
    public static readonly TpmCommand NvDefineSpace = new(TpmCc.NvDefineSpace, AuthHandles: 1);
    public static readonly TpmCommand NvUndefineSpace = new(TpmCc.NvUndefineSpace, AuthHandles: 1);
    public static readonly TpmCommand NvIncrement = new(TpmCc.NvIncrement, AuthHandles: 1);
}
