using System.Collections.Immutable;
using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>From the journal's FROZEN to the end: only the register leaves the stopped state.</summary>
public sealed partial record SourceMigration
{
    private (SourceMigration, ImmutableArray<AttemptAction>) OnJournal(AttemptEvent e)
    {
        switch (State, e)
        {
            case (SourceState.JournalingBegun, AttemptEvent.Journaled { Entry: JournalEntry.Begun begun }):
                return (this with { Registration = begun.Registration, IsBegun = true })
                    .Go(SourceState.Registering, new AttemptAction.OpenRegister(begun.Registration));
            case (SourceState.JournalingBegun, AttemptEvent.JournalFailed { Entry: JournalEntry.Begun } failed):
                return Abort(MigrationFailure.Internal, failed.Sentence);
            case (SourceState.JournalingFrozen, AttemptEvent.Journaled { Entry: JournalEntry.Frozen }):
                return Freeze();
            case (SourceState.JournalingFrozen, AttemptEvent.JournalFailed { Entry: JournalEntry.Frozen } failed):
                // Whether FROZEN is on the disk is not known, so the register decides; the container was not stopped and goes on meanwhile.
                return ProposeSource(MigrationFailure.Internal, failed.Sentence);
            case (SourceState.AwaitingVerdict, AttemptEvent.Journaled { Entry: JournalEntry.Frozen }):
                return Ignore("the attempt was given up while FROZEN was on its way to the disk");
            case (SourceState.JournalingVerdict, AttemptEvent.Journaled { Entry: JournalEntry.VerdictLearned }):
                return (this with { IsVerdictOnDisk = true }).CarryOut();
            case (SourceState.JournalingVerdict, AttemptEvent.JournalFailed { Entry: JournalEntry.VerdictLearned } failed):
                // The voters keep the verdict, as it is not acknowledged: after a restart this host learns it again. What it orders can be done now.
                var (next, actions) = CarryOut();
                return (next, [new AttemptAction.Alarm(failed.Sentence), .. actions]);
            case (SourceState.JournalingEnded, AttemptEvent.Journaled { Entry: JournalEntry.Ended } or AttemptEvent.JournalFailed { Entry: JournalEntry.Ended }):
                return Go(SourceState.Ended, new AttemptAction.End());
            default:
                return Ignore($"{e.GetType().Name} is not expected in {State}");
        }
    }

    private (SourceMigration, ImmutableArray<AttemptAction>) Freeze()
    {
        var (next, actions) = (this with { FreezeAt = Now }).GoCalling(
            SourceState.Freezing, AttemptCall.Freeze, new AttemptAction.Call(AttemptCall.Freeze));
        return (next, actions.Add(new AttemptAction.StartTimer(AttemptTimer.StopDeadline, TimeSpan.FromMilliseconds(Policy.StopDeadlineMs), next.Serial)));
    }

    private (SourceMigration, ImmutableArray<AttemptAction>) OnCallDoneInStop(AttemptEvent e)
    {
        switch (State, e)
        {
            case (SourceState.Freezing, AttemptEvent.CallDone):
                return GoCalling(SourceState.Unplugging, AttemptCall.Unplug, new AttemptAction.Call(AttemptCall.Unplug));
            case (SourceState.Unplugging, AttemptEvent.CallDone):
                var (next, actions) = GoAsking(SourceState.CopyingFrozen, new ClaimAddress(Attempt, Fence), patience: null);
                return (next with { Busy = AttemptCall.CopyFrozen }, actions.Add(new AttemptAction.Call(AttemptCall.CopyFrozen)));
            case (SourceState.CopyingFrozen, AttemptEvent.FrozenCopied copied):
                return (this with { Copy = copied.Copy, Manifest = copied.Copy.Manifest }).SignHandOver();
            case (SourceState.Signing, AttemptEvent.HandOverSigned signed):
                return GoAsking(SourceState.AwaitingVerdict, new HandOver(Attempt, Fence, Manifest!, signed.Token), patience: null);
            case (SourceState.AwaitingVerdict, _) when Certificate is not null:
                return OnCertificate(Certificate);
            case (SourceState.AwaitingVerdict, _):
                return Ignore($"{e.GetType().Name} came after this side had given the attempt up");
            default:
                return Ignore($"{e.GetType().Name} is not expected in {State}");
        }
    }

    private (SourceMigration, ImmutableArray<AttemptAction>) SignHandOver()
    {
        var age = Now - ChallengedAt;
        return age > TimeSpan.FromMilliseconds(Policy.EvidenceMaxAgeMs)
            ? ProposeSource(
                MigrationFailure.AttestationFailed,
                FormattableString.Invariant($"the evidence of host {Destination} is {age.TotalMilliseconds:0} ms old at the hand-over, more than the {Policy.EvidenceMaxAgeMs} ms allowed"))
            : GoCalling(SourceState.Signing, AttemptCall.SignHandOver, new AttemptAction.SignHandOver(Manifest!, DestinationKeyDigest));
    }

    private (SourceMigration, ImmutableArray<AttemptAction>) OnMessageAfterFreeze(IAttemptMessage message)
    {
        switch (State, message)
        {
            case (SourceState.CopyingFrozen, AddressClaimed):
                return (this with { Awaited = null }, []);
            case (SourceState.Thawing or SourceState.Cleaning, AddressClaimed) when Certificate is { Value: Verdict.Source }:
            case (SourceState.JournalingEnded or SourceState.Ended, AddressClaimed or DestinationCleaned) when Certificate is not { Value: Verdict.Dest }:
                return (this, [new AttemptAction.AnnounceAgain()]);
            case (SourceState.AwaitingVerdict, AtGate gate):
                return (this with { Gate = gate.Report }, []);
            case (SourceState.AwaitingRunning, Running or Filled):
                // With Filled its Running was lost, or is on its way: the container has run since before this.
                return (this with { RunningAt = Now }).CleanAfter(Verdict.Dest);
            case (SourceState.AwaitingRunning, TreeLost lost):
                return (this with { IsLost = true, Failure = MigrationFailure.ContainerLost, Sentence = lost.Sentence }).CleanAfter(Verdict.Dest);
            case (SourceState.AwaitingRunning, AttemptUnknown):
                // It has ended there, so the container has run since before this.
                return (this with { RunningAt = Now }).CleanAfter(Verdict.Dest);
            case (SourceState.AwaitingVerdict or SourceState.JournalingVerdict or SourceState.Killing, Running or Filled):
                // It came before this side has done its own part. It permits nothing, but it is when the container ran again.
                return (this with { RunningAt = RunningAt ?? Now }, []);
            default:
                return Ignore($"{message.GetType().Name} changes nothing in {State}");
        }
    }

    /// <summary>True while the copy stands and nothing of this side works on it: nobody may let it run.</summary>
    public bool WaitsWithFrozenCopy => IsFrozen && State is SourceState.Signing or SourceState.AwaitingVerdict && Busy is AttemptCall.None or AttemptCall.SignHandOver;

    /// <summary>
    /// What it did meanwhile is in no copy that was sent, so this side wants it back while that is open. It reached nobody, as its port leads nowhere; but its files have changed.
    /// </summary>
    private (SourceMigration, ImmutableArray<AttemptAction>) OnThawedByOthers(string sentence)
    {
        var alarm = new AttemptAction.Alarm(sentence);
        if (State is not (SourceState.Signing or SourceState.AwaitingVerdict))
        {
            return (this, [alarm]);
        }

        var (next, actions) = (this with { Busy = AttemptCall.None }).ProposeSource(MigrationFailure.ContentMismatch, sentence);
        return (next, [alarm, .. actions]);
    }

    /// <summary>This side wants the container back. A wish: what happens is what the register says.</summary>
    private (SourceMigration, ImmutableArray<AttemptAction>) ProposeSource(MigrationFailure failure, string sentence)
    {
        if (IsProposing)
        {
            return Ignore($"SOURCE is proposed already ({failure})");
        }

        var keepAsking = Awaited;
        var (next, _) = (this with { IsProposing = true, Failure = failure, Sentence = sentence, AbortedIn = State }).Go(SourceState.AwaitingVerdict);
        return (next with { Awaited = keepAsking is HandOver ? keepAsking : null },
        [
            new AttemptAction.Journal(new JournalEntry.Proposed(Attempt, Verdict.Source)),
            new AttemptAction.Propose(Verdict.Source, null),
            .. EndCopy(),
        ]);
    }

    private (SourceMigration, ImmutableArray<AttemptAction>) OnCertificate(VerdictCertificate certificate)
    {
        if (!State.IsStopped() && State != SourceState.ClosingRegister)
        {
            return Ignore($"a verdict in {State}: {(Certificate is null ? "nothing waits for it" : "it is known already")}");
        }

        if (VerdictCheck.WhyNot(certificate, Registration!, Keys) is { } why)
        {
            return (this, [new AttemptAction.Alarm($"a verdict that proves nothing was dropped: {why}")]);
        }

        if (State == SourceState.ClosingRegister && certificate.Value == Verdict.Dest)
        {
            return (this, [new AttemptAction.Alarm($"DEST was decided for attempt {Attempt}, which never signed a hand-over token; the container stays here untouched")]);
        }

        var known = certificate.ResolvedBy is { } resolved
            ? this with { Certificate = certificate, Failure = certificate.Value == Verdict.Source ? MigrationFailure.Cancelled : Failure, Sentence = ResolutionCheck.Sentence(resolved) }
            : this with { Certificate = certificate };
        return known.Busy != AttemptCall.None
            ? (known with { State = SourceState.AwaitingVerdict, Awaited = null }, EndCopy())
            : known.Go(SourceState.JournalingVerdict, new AttemptAction.Journal(new JournalEntry.VerdictLearned(Attempt, certificate)));
    }

    /// <summary>A copy under freeze that nobody wants any more must not hang on the other host: the thaw waits for it.</summary>
    private ImmutableArray<AttemptAction> EndCopy() => Busy == AttemptCall.CopyFrozen ? [new AttemptAction.CancelCall()] : [];

    private (SourceMigration, ImmutableArray<AttemptAction>) CarryOut() => Certificate!.Value switch
    {
        Verdict.Dest => GoCalling(SourceState.Killing, AttemptCall.Kill, KillAction()),
        _ when IsFrozen => GoCalling(SourceState.Thawing, AttemptCall.PlugAndThaw, new AttemptAction.Call(AttemptCall.PlugAndThaw)),
        _ => EndClosed(),
    };

    /// <summary>
    /// An operator who says that this host was off has given the container away without it. When that was so nothing stands here; else the copy stays frozen, as a wrong word must not
    /// cost the only one.
    /// </summary>
    private AttemptAction KillAction()
        => Certificate?.ResolvedBy?.Resolution.Fenced.Contains(Self) == true ? new AttemptAction.RefuseCopy() : new AttemptAction.Call(AttemptCall.Kill);

    /// <summary>The attempt was given up before the freeze and its register is closed.</summary>
    private (SourceMigration, ImmutableArray<AttemptAction>) EndClosed()
    {
        var (next, actions) = Go(SourceState.JournalingEnded, new AttemptAction.JournalEnded());
        return (next, [.. TellVerdict(), .. actions]);
    }

    private (SourceMigration, ImmutableArray<AttemptAction>) OnCallDoneAfterVerdict(AttemptCall call)
    {
        switch (State)
        {
            case SourceState.Thawing:
                var (thawed, clean) = (this with { RunningAt = Now }).CleanAfter(Verdict.Source);
                return (thawed, [.. TellVerdict(), .. clean]);
            case SourceState.Killing:
                if (RunningAt is not null)
                {
                    var (gone, wipe) = CleanAfter(Verdict.Dest);
                    return (gone, [.. TellVerdict(), .. wipe]);
                }

                var (killed, ask) = GoAsking(SourceState.AwaitingRunning, new AskAttempt(Attempt, Fence), patience: null);
                return (killed, [.. TellVerdict(), .. ask]);
            case SourceState.Aborting:
                return CloseRegister();
            case SourceState.Cleaning:
                var (next, end) = Go(SourceState.JournalingEnded, new AttemptAction.JournalEnded());
                return Certificate!.Value == Verdict.Dest ? (next, [new AttemptAction.Send(new SourceCleaned(Attempt, Fence)), .. end]) : (next, end);
            default:
                return Ignore($"a {call} is done in {State}");
        }
    }

    private (SourceMigration, ImmutableArray<AttemptAction>) CleanAfter(Verdict verdict)
        => GoCalling(SourceState.Cleaning, AttemptCall.Clean, new AttemptAction.Clean(verdict));

    private ImmutableArray<AttemptAction> TellVerdict()
    {
        var tell = new AttemptAction.Send(new VerdictReached(Attempt, Fence, Certificate!));
        return IsVerdictOnDisk ? [tell, new AttemptAction.Acknowledge(Certificate!)] : [tell];
    }

    /// <summary>A call that failed where nothing but success is left; every call looks first, so that it may be made twice.</summary>
    private (SourceMigration, ImmutableArray<AttemptAction>) Retry() => (State, Busy) switch
    {
        (SourceState.Thawing, AttemptCall.None) => Make(AttemptCall.PlugAndThaw, new AttemptAction.Call(AttemptCall.PlugAndThaw)),
        (SourceState.Killing, AttemptCall.None) => Make(AttemptCall.Kill, KillAction()),
        (SourceState.Aborting, AttemptCall.None) => Make(AttemptCall.Clean, new AttemptAction.Clean(Verdict.Source)),
        (SourceState.Cleaning, AttemptCall.None) => Make(AttemptCall.Clean, new AttemptAction.Clean(Certificate!.Value)),
        _ => Ignore($"nothing is to be retried in {State}"),
    };
}
