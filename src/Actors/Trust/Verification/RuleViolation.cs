using System.Diagnostics.CodeAnalysis;
using ActorMigration.Contracts.Trust;

namespace ActorMigration.Actors.Trust.Verification;

/// <summary>Carries the first rule that failed out of the checks; never leaves <see cref="AttestationVerifier"/>.</summary>
[SuppressMessage("Design", "CA1032", Justification = "only ever made with a rule and a sentence")]
[SuppressMessage("Design", "CA1064", Justification = "does not leave the verifier")]
internal sealed class RuleViolation(AttestationRule rule, string sentence) : Exception(sentence)
{
    public AttestationRule Rule { get; } = rule;

    public static void Unless([DoesNotReturnIf(false)] bool holds, AttestationRule rule, string sentence)
    {
        if (!holds)
        {
            throw new RuleViolation(rule, sentence);
        }
    }
}
