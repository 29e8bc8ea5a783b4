using ActorMigration.Actors.Trust;

namespace ActorMigration.Actors;

/// <summary>What a voter's host keeps of its judgements on its disk: a rejection, and the counters by which a copied TPM is noticed, may not be forgotten with a daemon. Used by the trust actor only; calls block for as long as the disk does.</summary>
public interface IJudgementStore
{
    /// <summary>What was kept; empty when nothing was, or it cannot be read.</summary>
    JudgedHost[] Load();

    /// <summary>Durable when it returns.</summary>
    /// <exception cref="AttemptException">It could not be written; what was kept before is still there.</exception>
    void Keep(JudgedHost[] judged);
}
