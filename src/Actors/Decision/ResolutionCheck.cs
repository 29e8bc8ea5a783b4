using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>Whether the operator's word may stand in the place of a majority. Pure.</summary>
public static class ResolutionCheck
{
    /// <summary>Null when this may be consented to, else the one sentence why not.</summary>
    public static string? WhyNot(Resolution resolution, Registration registration)
    {
        var hosts = registration.Hosts();
        var winner = registration.SideOf(resolution.Value);
        return resolution.Register != registration.Register ? "the resolution is of another attempt"
            : resolution.Generation < 1 || resolution.Value is not (Verdict.Source or Verdict.Dest) ? "the resolution has no generation or no known value"
            : registration.Kind != RegisterKind.Migration ? "the first start of a name is not resolved: it can be withdrawn"
            : resolution.Fenced.Except(hosts).ToArray() is [var stranger, ..] ? $"host {stranger} has no part in attempt {registration.Register.Attempt}"
            : resolution.Fenced.Distinct().Count() != resolution.Fenced.Length ? "a host is named twice"
            : resolution.Fenced.Contains(winner) && !resolution.IsLost ? $"the container would be given to host {winner}, which is said to be off"
            : null;
    }

    /// <summary>For the attempt's record: who decided, and why.</summary>
    public static string Sentence(ResolvedBy resolved)
    {
        var (_, generation, value, fenced, by, reason, _, isLost) = resolved.Resolution;
        var what = isLost ? "the container is lost" : $"the container is given to the {(value == Verdict.Dest ? "destination" : "source")}";
        return FormattableString.Invariant($"resolved by {by} in generation {generation}: {what}; said to be off: {(fenced.Length == 0 ? "nobody" : string.Join(", ", fenced.Select(h => h.Value)))}; reason: {reason}");
    }

    /// <summary>
    /// What the operator is told when two resolutions of one generation meet that give the container to different sides, as two sides that were never on at the same time can each be given it; null when these are no such two.
    /// Neither takes the place of the other: either side has acted.
    /// </summary>
    public static string? Conflict(ClosedRegister one, ClosedRegister other)
    {
        var (first, second) = (one.Certificate, other.Certificate);
        if (first.Register != second.Register || first.Generation == 0 || first.Generation != second.Generation || first.Value == second.Value)
        {
            return null;
        }

        var register = first.Register;
        var (source, destination) = (one.Registration.Source, one.Registration.Destination);
        return FormattableString.Invariant(
            $"attempt {register.Attempt} was resolved twice in generation {first.Generation}, each time while the other host was off: container {register.Container} was given to host {source} and to host {destination}; look at it on both (amig ps), and end it where it is not wanted with runc on that host, as amig rm may take the other one");
    }

    /// <summary>Null when it is the verdict: as above, and every host that is not said to be off has signed its consent.</summary>
    public static string? WhyNot(ResolvedBy resolved, Registration registration, INodeKeys keys)
    {
        var (resolution, consents) = resolved;
        if (WhyNot(resolution, registration) is { } why)
        {
            return why;
        }

        foreach (var host in registration.Hosts().Except(resolution.Fenced))
        {
            if (!consents.Any(c => c.Host == host && keys.Verify(host, DecisionBytes.ToSign(host, resolution), c.Signature)))
            {
                return $"host {host}, which is not said to be off, has not consented to the resolution";
            }
        }

        return null;
    }
}
