namespace ActorMigration.Actors;

/// <summary>Sentences of other hosts end up on terminals and in logs, and may have been written by anybody. Pure.</summary>
internal static class Printable
{
    /// <summary>The same without control characters.</summary>
    internal static string Of(string sentence) => string.Concat(sentence.Select(c => char.IsControl(c) ? '?' : c));
}
