using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>Whether a certificate proves a verdict. Pure; whoever opens a gate, thaws or kills asks here first.</summary>
public static class VerdictCheck
{
    /// <summary>Fewest voters of a register: with one, or two, no host may be lost.</summary>
    public const int FewestVoters = 3;

    /// <summary>Most voters: more make every verdict slower and survive no more than two lost hosts in practice.</summary>
    public const int MostVoters = 5;

    /// <summary>How many of <paramref name="voters"/> are more than half.</summary>
    public static int Majority(int voters) => (voters / 2) + 1;

    /// <summary>Null when these may vote, else the one sentence why not.</summary>
    public static string? WhyNotVoters(IReadOnlyCollection<HostName> voters)
        => voters.Count is < FewestVoters or > MostVoters || voters.Count % 2 == 0
            ? $"{voters.Count} {(voters.Count == 1 ? "voter is" : "voters are")} configured, {FewestVoters} or {MostVoters} are needed (an even number survives no more than the odd one below it; with two hosts add a witness)"
            : voters.Distinct().Count() != voters.Count ? "a voter is configured twice" : null;

    /// <summary>
    /// Null when the certificate is valid for the register, else the one sentence why not: its register, one ballot and one value throughout, each voter of the
    /// registration at most once and with the incarnation that BEGIN named, every signature by that voter's node key, and more than half of the voters; or a resolution
    /// that every host with a part in the register has consented to or is said to be off for.
    /// </summary>
    public static string? WhyNot(VerdictCertificate certificate, Registration registration, INodeKeys keys)
    {
        if (certificate.Register != registration.Register)
        {
            return $"the certificate is of attempt {certificate.Register.Attempt} at {certificate.Register.Fence}, not of this one";
        }

        if (certificate.Value is not (Verdict.Source or Verdict.Dest))
        {
            return "the certificate has no known value";
        }

        if (certificate.ResolvedBy is { } resolved)
        {
            return certificate.Accepts.Length > 0 ? "the certificate has accepts and a resolution"
                : resolved.Resolution.Value != certificate.Value ? "the resolution has another value than the certificate"
                : ResolutionCheck.WhyNot(resolved, registration, keys);
        }

        var counted = new HashSet<HostName>();
        foreach (var accept in certificate.Accepts)
        {
            if (accept.Register != registration.Register || accept.Value != certificate.Value || accept.Ballot != certificate.Accepts[0].Ballot)
            {
                return $"the accept of voter {accept.Voter} is of another register, value or ballot";
            }

            var voter = Array.Find(registration.Voters, v => v.Host == accept.Voter);
            if (voter is null)
            {
                return $"{accept.Voter} is no voter of this register";
            }

            if (voter.Incarnation != accept.Incarnation)
            {
                return $"voter {accept.Voter} accepted from another state directory than the one that was registered";
            }

            if (!keys.Verify(accept.Voter, DecisionBytes.ToSign(accept), accept.Signature))
            {
                return $"the accept of voter {accept.Voter} is not signed by its node key";
            }

            if (!counted.Add(accept.Voter))
            {
                return $"voter {accept.Voter} is counted twice";
            }
        }

        var majority = Majority(registration.Voters.Length);
        return counted.Count >= majority ? null : $"{counted.Count} of {registration.Voters.Length} voters are no majority";
    }

    /// <summary>True when <see cref="WhyNot"/> has nothing against it.</summary>
    public static bool Verify(VerdictCertificate certificate, Registration registration, INodeKeys keys)
        => WhyNot(certificate, registration, keys) is null;
}
