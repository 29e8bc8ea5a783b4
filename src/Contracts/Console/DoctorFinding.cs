namespace ActorMigration.Contracts;

/// <summary>How far a host can do one thing.</summary>
public enum DoctorVerdict
{
    /// <summary>Done just now, and it worked.</summary>
    Ok,

    /// <summary>Works with a loss that the sentence names, or could not be looked at.</summary>
    Degraded,

    /// <summary>Does not work; no container can be moved from or to this host.</summary>
    Missing,
}

/// <summary>One line of <c>amig doctor</c>.</summary>
/// <param name="Name">Short and stable, for scripts.</param>
/// <param name="Verdict">Result of doing it.</param>
/// <param name="Sentence">What was found, and what to do where it is not ok.</param>
public sealed record DoctorFinding(string Name, DoctorVerdict Verdict, string Sentence);
