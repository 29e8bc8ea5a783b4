using System.Collections.Immutable;
using ActorMigration.Actors.Trust;
using ActorMigration.Contracts.Trust;

namespace ActorMigration.Host.Trust;

/// <summary>Makes a policy that allows exactly what one TPM shows now: on a host the operator believes to be in good order.</summary>
public static class PolicyCapture
{
    public static AttestationPolicy From(ITpm tpm, string name, IReadOnlyList<int> pcrs, bool allowSoftwareTpm, TimeSpan maxEvidenceAge)
        => new(
            name,
            allowSoftwareTpm,
            maxEvidenceAge,
            [],
            tpm.ReadPcrs(pcrs).ToImmutableSortedDictionary(
                p => p.Index, p => ImmutableSortedSet.Create(Convert.ToHexStringLower(p.Digest))));
}
