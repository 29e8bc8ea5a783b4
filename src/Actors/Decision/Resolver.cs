using System.Collections.Immutable;
using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>What the operator wants of a register that can get no majority.</summary>
/// <param name="Reference">Whose register: a container, for its migration that has not ended, or a unique beginning of an id. Looked up on this host only: there may be no other.</param>
/// <param name="Value">Who is to have the container; null when nothing of it is left anywhere, so that it is lost and its attempt can end.</param>
/// <param name="Fenced">Hosts that the operator says are off.</param>
/// <param name="Operator">Who says so; at most <see cref="VoterFrames.MaxOperator"/> bytes.</param>
/// <param name="Reason">Why; at most <see cref="VoterFrames.MaxReason"/> bytes.</param>
public sealed record ResolveOrder(string Reference, Verdict? Value, ImmutableArray<HostName> Fenced, string Operator, string Reason);

/// <summary>How it went.</summary>
public abstract record ResolveOutcome
{
    private ResolveOutcome()
    {
    }

    /// <summary>It is the verdict now, or this one was already.</summary>
    public sealed record Verdict(Registration Registration, VerdictCertificate Certificate) : ResolveOutcome;

    /// <summary>Nothing was decided; one sentence why not and what to do.</summary>
    public sealed record Refused(string Sentence) : ResolveOutcome;
}

/// <summary>
/// Carries the operator's word about a register to all hosts that have a part in it (docs/protocol.md "When no majority is left"): every host either consents or is said to be off. Two steps as in
/// Paxos, with all of these hosts as the only quorum: promises of a generation, then consents. A run that is cut off leaves promises behind, after which
/// only another run decides.
/// </summary>
/// <param name="self">This host.</param>
/// <param name="client">Reaches voters, and this host itself.</param>
/// <param name="seat">This host's own.</param>
/// <param name="journal">This host's attempts.</param>
/// <param name="keys">Checks what is heard.</param>
/// <param name="times">How long a reply may take.</param>
/// <param name="clock">Time.</param>
public sealed class Resolver(HostName self, IVoterClient client, Voter seat, AttemptJournal journal, INodeKeys keys, VoterTimes times, TimeProvider clock)
{
    /// <summary>Generations that are tried when other runs outbid this one.</summary>
    private const int MostGenerations = 8;

    /// <summary>Decides, or says why not. Never throws for a host that does not answer.</summary>
    public async Task<ResolveOutcome> ResolveAsync(ResolveOrder order)
    {
        if (Find(order.Reference) is not [var registration])
        {
            return new ResolveOutcome.Refused(Find(order.Reference).Length == 0
                ? $"Host {self} knows of no open migration '{order.Reference}'. Run this on its source, its destination or one of its voters; 'amig migrations' lists those that there are."
                : $"More than one migration has an id that begins with '{order.Reference}'; give more of it.");
        }

        var hosts = registration.Hosts();

        var draft = new Resolution(
            registration.Register, 1, order.Value ?? Verdict.Source, [.. order.Fenced.OrderBy(h => h.Value, StringComparer.Ordinal)], order.Operator, order.Reason, clock.GetUtcNow().ToUnixTimeMilliseconds(), IsLost: order.Value is null);
        if (ResolutionCheck.WhyNot(draft, registration) is { } why)
        {
            return new ResolveOutcome.Refused($"Attempt {registration.Register.Attempt} of {registration.Register.Container} is not resolved: {why}.");
        }

        if (await WhyNotYetAsync(registration, hosts, draft.Fenced).ConfigureAwait(false) is { } notYet)
        {
            return new ResolveOutcome.Refused(notYet);
        }

        if (draft.IsLost && await WhyNotLostAsync(registration, draft).ConfigureAwait(false) is { } stands)
        {
            return new ResolveOutcome.Refused(stands);
        }

        return await DecideAsync(registration, [.. hosts.Except(draft.Fenced)], draft).ConfigureAwait(false);
    }

    private Registration[] Find(string reference)
    {
        var known = journal.State.Open.Values.Select(open => open.Begun.Registration).Concat(seat.UnsettledRegistrations()).DistinctBy(r => r.Register).Select(r => r with { Previous = [] }).ToArray();
        return known.Where(r => r.Register.Container.Value == reference).MaxBy(r => r.Register.Fence) is { } newest
            ? [newest]
            : [.. known.Where(r => reference.Length > 0 && r.Register.Attempt.ToString().StartsWith(reference, StringComparison.Ordinal))];
    }

    /// <summary>Asks without changing anything: who answers, and can the voters not decide by themselves?</summary>
    private async Task<string?> WhyNotYetAsync(Registration registration, HostName[] hosts, HostName[] fenced)
    {
        var container = registration.Register.Container;
        var replies = await AskAsync(hosts, new VoterRequest.AskFloor(container)).ConfigureAwait(false);
        if (fenced.Where(h => replies[h] is not null).ToArray() is [var alive, ..])
        {
            return $"Host {alive} is said to be off, but answers. Switch it off, or leave it out of --fenced.";
        }

        var silent = hosts.Except(fenced).Where(h => replies[h] is null).ToArray();
        if (silent.Length > 0)
        {
            return $"No answer from {string.Join(", ", silent.Select(h => h.Value))}: a host that may still act could run {container} a second time. "
                + $"Bring it back, or switch it off and say so with --fenced {string.Join(" --fenced ", silent.Select(h => h.Value))}.";
        }

        var voting = registration.Voters.Count(v => replies[v.Host] is VoterReply.Floor floor && floor.Incarnation == v.Incarnation);
        var attempt = registration.Register.Attempt;
        return voting < VerdictCheck.Majority(registration.Voters.Length) || seat.WaitsForOperator(registration.Register) ? null
            : journal.State.Open.TryGetValue(attempt, out var open) && open.Certificate is { ResolvedBy: { } resolved } ? $"Attempt {attempt} of {container} was {ResolutionCheck.Sentence(resolved)}."
            : open?.Certificate is { Value: var value }
            ? $"The voters have decided attempt {attempt}: {container} was given to host {registration.SideOf(value)}, and no word of the operator is needed. What is left of it goes on when that host says that it is there."
            : $"{voting} of the {registration.Voters.Length} voters of attempt {attempt} vote: they decide it by themselves, and no word of the operator is needed. A host that waits for the operator says so in its log: then run this there.";
    }

    /// <summary>Asked of both sides before either promises anything: one would stay bound when the other refuses.</summary>
    private async Task<string?> WhyNotLostAsync(Registration registration, Resolution draft)
    {
        HostName[] sides = [.. new[] { registration.Source, registration.Destination }.Except(draft.Fenced)];
        var replies = await AskAsync(sides, new VoterRequest.AskWhetherLost(registration)).ConfigureAwait(false);
        return replies.Values.OfType<VoterReply.Refused>().FirstOrDefault() is { } refused ? $"Host {refused.Voter} does not consent: {refused.Sentence}."
            : replies.FirstOrDefault(r => r.Value is not VoterReply.Done) is { Key.Value: not null and var silent } ? $"Host {silent} has stopped answering. Run this again."
            : null;
    }

    private async Task<ResolveOutcome> DecideAsync(Registration registration, ImmutableArray<HostName> here, Resolution draft)
    {
        for (var round = 0; round < MostGenerations; round++)
        {
            // Whoever is to have the container first: when nothing of it can go on there, nobody else has promised anything yet. What is taken for lost is looked for on both sides.
            var winner = registration.SideOf(draft.Value);
            ImmutableArray<HostName> looking = draft.IsLost ? [.. here.Where(h => h == registration.Source || h == registration.Destination)] : [winner];
            var prepare = new VoterRequest.PrepareResolution(registration, draft.Generation, draft.Value, draft.IsLost);
            var promises = await AskAsync(looking, prepare).ConfigureAwait(false);
            if (promises.Values.All(static p => p is VoterReply.ResolutionPromised or VoterReply.Decided))
            {
                promises = promises.Concat(await AskAsync([.. here.Except(looking)], prepare).ConfigureAwait(false)).ToDictionary();
            }

            if (await AnswerAsync(registration, promises).ConfigureAwait(false) is { } first)
            {
                return first;
            }

            var promised = promises.Values.OfType<VoterReply.ResolutionPromised>().ToArray();
            var before = promised.Select(p => p.ConsentedTo).OfType<Resolution>().MaxBy(r => r.Generation);
            // Where the side that it was given to is off, whatever that did with it is off too, and this generation is told it when it comes back.
            if (before is not null && before.Value != draft.Value && !draft.Fenced.Contains(registration.SideOf(before.Value)))
            {
                // Nobody gets anything by it, so an earlier word stands.
                if (draft.IsLost)
                {
                    draft = draft with { Generation = draft.Generation + 1, Value = before.Value };
                    continue;
                }

                return new ResolveOutcome.Refused(
                    $"An earlier resolution of attempt {draft.Register.Attempt} by {before.Operator} may have given the container to the {(before.Value == Verdict.Dest ? "destination" : "source")}: run this with --to {(before.Value == Verdict.Dest ? "destination" : "source")}. If nothing of it is left there, switch host {registration.SideOf(before.Value)} off and say so with --fenced {registration.SideOf(before.Value)}.");
            }

            if (promised.Max(p => p.Generation) is var highest && highest > draft.Generation)
            {
                draft = draft with { Generation = highest + 1 };
                continue;
            }

            // And first here too: were another host bound to it, and what stands there lost before it is, then it could go on on neither side. Where nothing goes on it may be off.
            var consent = new VoterRequest.ConsentToResolution(draft);
            ImmutableArray<HostName> bound = [.. here.Where(h => h == winner)];
            var consents = await AskAsync(bound, consent).ConfigureAwait(false);
            consents = consents.Concat(consents.Values.All(static c => c is VoterReply.Consented) ? await AskAsync([.. here.Except(bound)], consent).ConfigureAwait(false) : promises.Where(p => !bound.Contains(p.Key))).ToDictionary();
            if (await AnswerAsync(registration, consents).ConfigureAwait(false) is { } second)
            {
                return second;
            }

            if (consents.Values.All(reply => reply is VoterReply.Consented))
            {
                var certificate = new VerdictCertificate(
                    draft.Register, draft.Value, [], new ResolvedBy(draft, [.. consents.Values.OfType<VoterReply.Consented>().Select(c => c.Consent).OrderBy(c => c.Host.Value, StringComparer.Ordinal)]));
                return VerdictCheck.WhyNot(certificate, registration, keys) is { } why
                    ? new ResolveOutcome.Refused($"The consents to the resolution of attempt {draft.Register.Attempt} prove nothing: {why}.")
                    : await SpreadAsync(registration, certificate).ConfigureAwait(false);
            }

            draft = draft with { Generation = draft.Generation + 1 };
        }

        return new ResolveOutcome.Refused($"Somebody else resolves attempt {draft.Register.Attempt} at this moment. See 'amig migration show {draft.Register.Attempt}', and run this again if it is still open.");
    }

    /// <summary>A verdict that one of them has, or why it cannot go on; null when all have answered what was asked.</summary>
    private async Task<ResolveOutcome?> AnswerAsync(Registration registration, Dictionary<HostName, VoterReply?> replies)
    {
        if (replies.Values.OfType<VoterReply.Decided>().FirstOrDefault(d => VerdictCheck.Verify(d.Certificate, registration, keys)) is { } decided)
        {
            return await KnownAsync(registration, decided.Certificate, replies).ConfigureAwait(false);
        }

        if (replies.Values.OfType<VoterReply.Refused>().FirstOrDefault() is { } refused)
        {
            return new ResolveOutcome.Refused($"Host {refused.Voter} does not consent: {refused.Sentence}.");
        }

        return replies.Where(r => r.Value is not (VoterReply.ResolutionPromised or VoterReply.Consented)).Select(r => r.Key).ToArray() is [var host, ..]
            ? new ResolveOutcome.Refused($"Host {host} has stopped answering or has forgotten the attempt. Run this again; until then nobody may decide attempt {registration.Register.Attempt} but the operator.")
            : null;
    }

    /// <summary>It is decided: whoever waits for the operator is told, or would wait for ever.</summary>
    private async Task<ResolveOutcome> KnownAsync(Registration registration, VerdictCertificate certificate, Dictionary<HostName, VoterReply?> replies)
    {
        if (certificate.Generation > 0)
        {
            return await SpreadAsync(registration, certificate).ConfigureAwait(false);
        }

        var attempt = registration.Register.Attempt;
        var waiting = replies.Where(r => r.Value is VoterReply.ResolutionPromised or VoterReply.Consented).Select(r => r.Key).ToArray();
        var told = await AskAsync(waiting, new VoterRequest.SpreadResolution(new ClosedRegister(registration, certificate))).ConfigureAwait(false);
        var bound = Names(told.Where(t => t.Value is VoterReply.Refused));
        var silent = Names(told.Where(t => t.Value is null));
        var acting = Names(replies.Where(r => r.Value is VoterReply.Decided));
        return bound.Length > 0
            ? new ResolveOutcome.Refused($"The voters have decided attempt {attempt}, and {acting} acts on it; {bound} has consented to an earlier resolution, and waits for one. Switch {acting} off and say so with --fenced, or there is no way to decide.")
            : silent.Length > 0
            ? new ResolveOutcome.Refused($"The voters have decided attempt {attempt}, but {silent} has stopped answering, and waits for the operator. Run this again when it is back.")
            : new ResolveOutcome.Verdict(registration, certificate);
    }

    private static string Names(IEnumerable<KeyValuePair<HostName, VoterReply?>> replies) => string.Join(", ", replies.Select(r => r.Key.Value).Order(StringComparer.Ordinal));

    private async Task<ResolveOutcome> SpreadAsync(Registration registration, VerdictCertificate certificate)
    {
        // Whoever does not hear it now hears it from those who have it (ResolutionNews).
        await AskAsync(registration.Hosts(), new VoterRequest.SpreadResolution(new ClosedRegister(registration, certificate))).ConfigureAwait(false);
        return new ResolveOutcome.Verdict(registration, certificate);
    }

    private async Task<Dictionary<HostName, VoterReply?>> AskAsync(IReadOnlyCollection<HostName> hosts, VoterRequest request)
    {
        using var deadline = new CancellationTokenSource(times.Reply, clock);
        var asked = hosts.Select(async host => (host, await TryAskAsync(host, request, deadline.Token).ConfigureAwait(false)));
        return (await Task.WhenAll(asked).ConfigureAwait(false)).ToDictionary(one => one.host, one => one.Item2);
    }

    private async Task<VoterReply?> TryAskAsync(HostName host, VoterRequest request, CancellationToken cancel)
    {
        try
        {
            return await client.AskAsync(host, request, cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (e is VoterUnreachableException or OperationCanceledException)
        {
            return null;
        }
    }
}
