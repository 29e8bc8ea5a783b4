namespace ActorMigration.Host.Linux.Tracking;

/// <summary>The private memory of one process in one number.</summary>
/// <param name="PidInContainer">Its pid inside the container, the same on both hosts.</param>
/// <param name="Pages">Pages that went into it.</param>
/// <param name="Sha256">Lower-case hex.</param>
public sealed record ProcessDigest(int PidInContainer, long Pages, string Sha256);
