using System.Collections.Immutable;
using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>What a voter does with a request: first these records on its disk, then this reply.</summary>
public readonly record struct VoterAnswer(ImmutableArray<VoterRecord> Records, VoterReply Reply);

/// <summary>
/// The acceptor of the write-once register: single-decree Paxos per register, and a floor of closed fences per container that is kept for ever. Pure: the
/// shell makes the records durable before the reply leaves.
///
/// Invariants: nothing is promised for a register that was not begun here, or that was begun with another state directory of this voter; a ballot below the promise is
/// never accepted; DEST of a migration is accepted only with a token of the source key that BEGIN registered; a fence below the floor is never opened again.
/// </summary>
/// <param name="self">This voter.</param>
/// <param name="incarnation">Of its state directory.</param>
/// <param name="voters">The voters of every register in this cluster, from the configuration.</param>
/// <param name="signer">Signs accepts.</param>
/// <param name="keys">Checks registrations and certificates.</param>
/// <param name="tokenIsValid">Checks a token against the registered key digest; <see cref="HandOverSignature.Verify"/> in a daemon.</param>
public sealed class VoterCore(
    HostName self, Guid incarnation, ImmutableArray<HostName> voters, INodeSigner signer, INodeKeys keys, Func<HandOverToken, byte[], bool> tokenIsValid)
{
    /// <summary>The voters of every register.</summary>
    public ImmutableArray<HostName> Voters => voters;

    /// <summary>Number of the set of voters that these are.</summary>
    public int SetNumber { get; init; } = VoterSet.First;

    /// <summary>The voters of the set before: what they have decided counts, and what they have open may be resolved; nothing is begun with them.</summary>
    public ImmutableArray<HostName> Before { get; init; } = [];

    /// <summary>Answers <paramref name="request"/> of <paramref name="peer"/>, the node that the connection's certificate names.</summary>
    public VoterAnswer Answer(ContainerBallots state, HostName peer, VoterRequest request) => request switch
    {
        VoterRequest.AskFloor => Say(new VoterReply.Floor(self, incarnation, state.Container, state.Lowest, state.Owner, state.Undecided.FirstOrDefault()) { Set = SetNumber }),
        VoterRequest.Begin begin => Begin(state, peer, begin.Registration),
        VoterRequest.Prepare prepare => WithOpen(state, peer, prepare.Register, prepare.Ballot, open => Prepare(open, prepare.Ballot)),
        VoterRequest.Accept accept => WithOpen(state, peer, accept.Register, accept.Ballot, open => Accept(open, accept)),
        VoterRequest.Learn learn => Learn(state, peer, learn.Certificate),
        VoterRequest.Withdraw withdraw => Withdraw(state, peer, withdraw.Register),
        VoterRequest.Release release => Release(state, peer, release),
        VoterRequest.PrepareResolution prepare => PrepareResolution(state, peer, prepare),
        VoterRequest.ConsentToResolution consent => Consent(state, consent.Resolution),
        VoterRequest.SpreadResolution spread => Hear(state, spread.Register),
        _ => Say(new VoterReply.Refused(self, $"voter {self} does not know the request {request.GetType().Name}")),
    };

    private static VoterAnswer Say(VoterReply reply) => new([], reply);

    private VoterAnswer Begin(ContainerBallots state, HostName peer, Registration registration)
    {
        if (WhyNotGenuine(peer, registration) is { } why)
        {
            return Say(new VoterReply.BeginRefused(self, why.Reason, why.Sentence));
        }

        var records = ImmutableArray<VoterRecord>.Empty;
        if (registration.Previous is [var previous] && previous.Next > state.Lowest && WhyNotPrevious(registration, previous) is null)
        {
            var closed = new VoterRecord.Closed(previous);
            records = [closed];
            state = state.Apply(closed);
        }

        if (state.Open is { } open && open.Id == registration.Register)
        {
            return new(records, new VoterReply.Registered(self, incarnation));
        }

        if (Find(state, registration.Register) is { } known)
        {
            return new(records, new VoterReply.Decided(known.Certificate));
        }

        if (WhyNotNext(state, registration) is { } refusal)
        {
            return new(records, new VoterReply.BeginRefused(self, refusal.Reason, refusal.Sentence));
        }

        return new(
            [.. records, new VoterRecord.Opened(registration with { Previous = [] })],
            new VoterReply.Registered(self, incarnation));
    }

    private (BeginRefusal Reason, string Sentence)? WhyNotGenuine(HostName peer, Registration registration)
    {
        if (!HasOurVoters(registration))
        {
            return (BeginRefusal.BadVoters, $"the registration's voters are not those of voter {self}'s configuration ({string.Join(", ", voters)})");
        }

        if (!IsParty(registration, peer) || (registration.Kind == RegisterKind.Creation && registration.Source != registration.Destination)
            || !keys.Verify(registration.Source, DecisionBytes.ToSign(registration), registration.Signature))
        {
            return (BeginRefusal.NotGenuine, $"the registration is not signed by host {registration.Source}, or {peer} is no party of it");
        }

        return IsNamed(registration)
            ? null
            : (BeginRefusal.OtherIncarnation, $"the registration does not name this state directory of voter {self}; it abstains");
    }

    private bool HasOurVoters(Registration registration) => HasVoters(registration, voters);

    private bool HasOurVotersOrThoseBefore(Registration registration) => HasVoters(registration, voters) || HasVoters(registration, Before);

    private static bool HasVoters(Registration registration, ImmutableArray<HostName> hosts)
        => registration.Voters.Length == hosts.Length && registration.Voters.All(v => hosts.Contains(v.Host))
           && VerdictCheck.WhyNotVoters([.. registration.Voters.Select(v => v.Host)]) is null;

    private string? WhyNotPrevious(Registration registration, ClosedRegister previous)
        => previous.Registration.Register.Container != registration.Register.Container
           || !HasOurVotersOrThoseBefore(previous.Registration)
           || !keys.Verify(previous.Registration.Source, DecisionBytes.ToSign(previous.Registration), previous.Registration.Signature)
            ? "not genuine"
            : VerdictCheck.WhyNot(previous.Certificate, previous.Registration, keys);

    private (BeginRefusal Reason, string Sentence)? WhyNotNext(ContainerBallots state, Registration registration)
    {
        var (container, fence, _) = registration.Register;
        if (fence < state.Lowest)
        {
            return (BeginRefusal.BelowFloor, $"{container} at {fence} is closed for ever: the lowest fence that may begin is {state.Lowest}");
        }

        if (state.Undecided.FirstOrDefault() is { } open)
        {
            return (BeginRefusal.OtherAttemptOpen, $"attempt {open.Attempt} of {container} at {open.Fence} has not ended");
        }

        if (state.Resolving?.Registration.Register is { } resolving && resolving.Fence >= state.Lowest)
        {
            return (BeginRefusal.OtherAttemptOpen, $"attempt {resolving.Attempt} of {container} at {resolving.Fence} waits for the operator's resolution");
        }

        if (registration.Kind == RegisterKind.Creation)
        {
            return state.Owner is { } owner ? (BeginRefusal.NotTheOwner, $"the name {container} is taken: it runs on host {owner}") : null;
        }

        return fence != state.Lowest ? (BeginRefusal.ChainBroken, $"{container} at {fence} does not follow {state.Lowest}, the next fence that voter {self} knows of")
            : state.Owner != registration.Source ? (BeginRefusal.NotTheOwner, $"{container} belongs to host {state.Owner?.Value ?? "nobody"}, not to {registration.Source}")
            : null;
    }

    private VoterAnswer WithOpen(ContainerBallots state, HostName peer, RegisterId register, Ballot ballot, Func<OpenRegister, VoterAnswer> answer)
    {
        if (state.Open is not { } open || open.Id != register)
        {
            return Say(Find(state, register) is { } known ? new VoterReply.Decided(known.Certificate)
                : register.Fence < state.Lowest ? new VoterReply.Forgotten(self)
                : new VoterReply.UnknownRegister(self));
        }

        if (state.Resolving?.Registration.Register == register)
        {
            return Say(WaitsForOperator(register));
        }

        if (!IsNamed(open.Registration))
        {
            // The register was begun before this state directory was lost or went back: what was promised and accepted in it since is not known here.
            return Say(new VoterReply.Refused(self, $"attempt {register.Attempt} was not begun with this state directory of voter {self}; it abstains"));
        }

        return IsParty(open.Registration, peer) && ballot.Proposer == peer
            ? answer(open)
            : Say(new VoterReply.Refused(self, $"{peer} may not propose with ballots of {ballot.Proposer} in attempt {register.Attempt}"));
    }

    private VoterAnswer Prepare(OpenRegister open, Ballot ballot)
        => open.Promised is not null && open.Promised >= ballot
            ? Say(new VoterReply.Outbid(self, open.Promised))
            : new(
                [new VoterRecord.Promise(open.Id, ballot)],
                new VoterReply.Promised(self, ballot, open.AcceptedBallot, open.AcceptedValue, open.AcceptedToken));

    private VoterAnswer Accept(OpenRegister open, VoterRequest.Accept accept)
    {
        if (open.Promised is not null && open.Promised > accept.Ballot)
        {
            return Say(new VoterReply.Outbid(self, open.Promised));
        }

        if (WhyNotValue(open, accept) is { } why)
        {
            return Say(new VoterReply.Refused(self, why));
        }

        var unsigned = new SignedAccept(self, incarnation, open.Id, accept.Ballot, accept.Value, []);
        return new(
            [new VoterRecord.Vote(open.Id, accept.Ballot, accept.Value, accept.Token)],
            new VoterReply.Accepted(unsigned with { Signature = signer.Sign(DecisionBytes.ToSign(unsigned)) }));
    }

    private string? WhyNotValue(OpenRegister open, VoterRequest.Accept accept)
    {
        if (accept.Value == Verdict.Source || (accept.Value == Verdict.Dest && open.Registration.Kind == RegisterKind.Creation))
        {
            return null;
        }

        return accept.Value == Verdict.Dest && accept.Token is { } token
               && new RegisterId(token.Container, token.Fence, token.Attempt) == open.Id
               && tokenIsValid(token, open.Registration.SourceKeyDigest)
            ? null
            : $"DEST of attempt {open.Id.Attempt} needs a hand-over token of its source, signed with the key that was registered";
    }

    private VoterAnswer Learn(ContainerBallots state, HostName peer, VerdictCertificate certificate)
    {
        var records = ImmutableArray<VoterRecord>.Empty;
        if (Find(state, certificate.Register) is null)
        {
            if (state.Open is not { } open || open.Id != certificate.Register)
            {
                // Below the floor it is closed already; above it the registration is missing, and the next BEGIN brings it along.
                return Say(new VoterReply.Done(self));
            }

            if (certificate.Generation == 0 && state.Resolving?.Registration.Register == certificate.Register)
            {
                return Say(WaitsForOperator(certificate.Register));
            }

            if (VerdictCheck.WhyNot(certificate, open.Registration, keys) is { } why)
            {
                return Say(new VoterReply.Refused(self, why));
            }

            records = [new VoterRecord.Closed(new ClosedRegister(open.Registration, certificate))];
        }

        return new([.. records, new VoterRecord.Acknowledged(certificate.Register, peer)], new VoterReply.Done(self));
    }

    private VoterAnswer Withdraw(ContainerBallots state, HostName peer, RegisterId register)
        => state.Open is not { } open || open.Id != register ? Say(new VoterReply.Done(self))
            : open.Registration.Kind == RegisterKind.Creation && open.Registration.Source == peer && open.AcceptedBallot is null
                ? new([new VoterRecord.Withdrawn(register)], new VoterReply.Done(self))
                : Say(new VoterReply.Refused(self, $"attempt {register.Attempt} cannot be withdrawn: only a creator may, and only before anything was accepted"));

    private VoterAnswer Release(ContainerBallots state, HostName peer, VoterRequest.Release release)
    {
        if (state.Lowest.Epoch > release.Epoch)
        {
            return Say(new VoterReply.Done(self));
        }

        return state.Owner == peer && state.Lowest.Epoch == release.Epoch && !state.Undecided.Any()
            ? new([new VoterRecord.Released(state.Container, release.Epoch)], new VoterReply.Done(self))
            : Say(new VoterReply.Refused(self, $"{peer} may not free the name {state.Container}: it belongs to {state.Owner?.Value ?? "nobody"}, or an attempt is open"));
    }

    private VoterAnswer PrepareResolution(ContainerBallots state, HostName peer, VoterRequest.PrepareResolution request)
    {
        var registration = request.Registration with { Previous = [] };
        var register = registration.Register;
        if (!HasOurVotersOrThoseBefore(registration) || !registration.Hosts().Contains(self) || !registration.Hosts().Contains(peer)
            || !keys.Verify(registration.Source, DecisionBytes.ToSign(registration), registration.Signature))
        {
            return Say(new VoterReply.Refused(self, $"the registration of attempt {register.Attempt} is not signed by host {registration.Source}, names other voters, or {self} or {peer} has no part in it"));
        }

        if (Find(state, register) is { } known)
        {
            return Say(new VoterReply.Decided(known.Certificate));
        }

        if (register.Fence < state.Lowest)
        {
            return Say(new VoterReply.Forgotten(self));
        }

        return state.Resolving is not { } resolving || resolving.Registration.Register.Fence < register.Fence
                ? new([new VoterRecord.GenerationPromised(registration, request.Generation)], new VoterReply.ResolutionPromised(self, request.Generation, null))
            : resolving.Registration.Register != register
                ? Say(new VoterReply.Refused(self, $"attempt {resolving.Registration.Register.Attempt} of {state.Container} waits for the operator's resolution, and is the later one"))
            : request.Generation > resolving.Generation
                ? new([new VoterRecord.GenerationPromised(registration, request.Generation)], new VoterReply.ResolutionPromised(self, request.Generation, resolving.Consented))
            // A generation is promised once: whoever asks for the same one, or a lower, has to take a higher, and is looked at anew.
            : Say(new VoterReply.ResolutionPromised(self, resolving.Generation + (request.Generation == resolving.Generation ? 1 : 0), resolving.Consented));
    }

    private VoterAnswer Consent(ContainerBallots state, Resolution resolution)
    {
        if (Find(state, resolution.Register) is { } known)
        {
            return Say(new VoterReply.Decided(known.Certificate));
        }

        if (state.Resolving is not { } resolving || resolving.Registration.Register != resolution.Register)
        {
            return Say(new VoterReply.Refused(self, $"host {self} was not asked to resolve attempt {resolution.Register.Attempt}"));
        }

        if (resolving.Generation != resolution.Generation)
        {
            return Say(new VoterReply.ResolutionPromised(self, resolving.Generation, resolving.Consented));
        }

        if (resolving.Consented is { } before && before.Generation == resolution.Generation && !DecisionBytes.ToSign(self, before).AsSpan().SequenceEqual(DecisionBytes.ToSign(self, resolution)))
        {
            return Say(new VoterReply.Refused(self, $"host {self} has consented to another resolution of generation {resolution.Generation}"));
        }

        return ResolutionCheck.WhyNot(resolution, resolving.Registration) is { } why ? Say(new VoterReply.Refused(self, why))
            : resolution.Fenced.Contains(self) ? Say(new VoterReply.Refused(self, $"host {self} is said to be off, and answers"))
            : new(
                [new VoterRecord.ResolutionConsented(resolution)],
                new VoterReply.Consented(new SignedConsent(self, signer.Sign(DecisionBytes.ToSign(self, resolution)))));
    }

    private VoterAnswer Hear(ContainerBallots state, ClosedRegister closed)
    {
        // A verdict of the voters is heard in this way only by who was promised to the operator and has consented to nothing: no resolution can have come of that, so it is let go.
        var isLetGo = state.Resolving is { Consented: null } resolving && resolving.Registration.Register == closed.Registration.Register;
        if ((closed.Certificate.Generation == 0 && !isLetGo) || !HasOurVotersOrThoseBefore(closed.Registration)
            || !keys.Verify(closed.Registration.Source, DecisionBytes.ToSign(closed.Registration), closed.Registration.Signature))
        {
            return Say(new VoterReply.Refused(self, $"what is told of attempt {closed.Registration.Register.Attempt} is no operator's resolution of one that host {closed.Registration.Source} began, or host {self} has consented to another"));
        }

        if (VerdictCheck.WhyNot(closed.Certificate, closed.Registration, keys) is { } why)
        {
            return Say(new VoterReply.Refused(self, why));
        }

        var known = Find(state, closed.Registration.Register);
        return known is not null && closed.Next >= state.Lowest && ResolutionCheck.Conflict(known, closed) is { } conflict ? Say(new VoterReply.Refused(self, conflict))
            : known?.Certificate.Generation >= closed.Certificate.Generation || closed.Next <= state.Lowest ? Say(new VoterReply.Done(self))
            : new([new VoterRecord.Closed(closed)], new VoterReply.Done(self));
    }

    private VoterReply.Refused WaitsForOperator(RegisterId register)
        => new(self, $"attempt {register.Attempt} waits for the operator's resolution, which host {self} has promised not to cross");

    /// <summary>A voter that was not there when BEGIN was made is not named: whether it will have forgotten something could never be told.</summary>
    private bool IsNamed(Registration registration) => registration.Voters.FirstOrDefault(v => v.Host == self)?.Incarnation == incarnation;

    private static bool IsParty(Registration registration, HostName peer) => peer == registration.Source || peer == registration.Destination;

    private static ClosedRegister? Find(ContainerBallots state, RegisterId register)
        => state.Kept.FirstOrDefault(k => k.Register.Registration.Register == register)?.Register;
}
