using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>Finds what this host's kernel and tools can do, by doing it. Called by <see cref="DoctorActor"/>, once at a time.</summary>
public interface IHostExamination
{
    /// <summary>
    /// All findings but the TPM's. What the host lacks is a finding and never an exception. Takes a second or a few; may block its caller's thread. A
    /// cancelled examination takes away what it made and throws <see cref="OperationCanceledException"/>, as soon as it can.
    /// </summary>
    Task<IReadOnlyList<DoctorFinding>> ExamineAsync(CancellationToken cancel = default);
}
