using ActorMigration.Contracts.Trust;
using Akka.Actor;

namespace ActorMigration.Actors.Trust;

/// <summary>Which commands go first. Stop-phase quotes overtake everything that waits, as a frozen container waits for them.</summary>
public enum TpmPriority
{
    Normal = 0,
    StopPhase = 1,
}

/// <summary>Orders to <see cref="TpmActor"/>, from actors of the same node only.</summary>
public static class TpmCommands
{
    /// <summary>Answered with <see cref="TpmReplies.Quoted"/> or <see cref="TpmReplies.NotAttestable"/>.</summary>
    /// <param name="QualifyingData">What it is about.</param>
    /// <param name="Priority">Before or behind others.</param>
    /// <param name="Pcrs">Ascending; null for those of this host's own policy.</param>
    public sealed record Quote(byte[] QualifyingData, TpmPriority Priority = TpmPriority.Normal, int[]? Pcrs = null) : ITpmCommand;

    /// <summary>Answered with <see cref="TpmReplies.CounterRead"/> or <see cref="TpmReplies.NotAttestable"/>.</summary>
    public sealed record ReadCounter(uint NvIndex) : ITpmCommand;

    /// <summary>Answered with <see cref="TpmReplies.CounterRead"/> or <see cref="TpmReplies.NotAttestable"/>.</summary>
    public sealed record IncrementCounter(uint NvIndex) : ITpmCommand;

    /// <summary>Answered with <see cref="TpmReplies.PcrsRead"/> or <see cref="TpmReplies.NotAttestable"/>.</summary>
    public sealed record ReadPcrs(int[] Pcrs) : ITpmCommand;
}

/// <summary>Marks the orders <see cref="TpmActor"/> takes.</summary>
public interface ITpmCommand : INoSerializationVerificationNeeded;

/// <summary>Answers of <see cref="TpmActor"/>; every command gets exactly one.</summary>
public static class TpmReplies
{
    /// <summary>The evidence for the qualifying data that was asked for.</summary>
    public sealed record Quoted(Evidence Evidence) : INoSerializationVerificationNeeded;

    /// <summary>Value of an NV counter; null when it was never incremented.</summary>
    public sealed record CounterRead(uint NvIndex, ulong? Value) : INoSerializationVerificationNeeded;

    /// <summary>Values of the SHA-256 bank.</summary>
    public sealed record PcrsRead(IReadOnlyList<PcrValue> Pcrs) : INoSerializationVerificationNeeded;

    /// <summary>This host cannot prove anything now; one sentence why. An attempt that gets it ends before the freeze.</summary>
    public sealed record NotAttestable(string Reason) : INoSerializationVerificationNeeded;
}
