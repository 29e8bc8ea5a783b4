using Tpm2Lib;

namespace ActorMigration.Tpm.Tests.Library;

/// <summary>Answers each command with the next of the given responses; keeps what was sent.</summary>
internal sealed class ScriptedDevice(params string[] responses) : Tpm2Device
{
    public List<string> Sent { get; } = [];

    /// <summary>Called before each answer.</summary>
    public Action OnCommand { get; init; } = () => { };

    public override void Connect()
    {
    }

    public override void Close()
    {
    }

    public override void DispatchCommand(CommandModifier mod, byte[] cmdBuf, out byte[] respBuf)
    {
        Sent.Add(Convert.ToHexString(cmdBuf));
        OnCommand();
        respBuf = Convert.FromHexString(responses[Math.Min(Sent.Count, responses.Length) - 1].Replace(" ", "", StringComparison.Ordinal));
    }
}
