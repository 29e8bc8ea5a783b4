using ActorMigration.Actors;
using ActorMigration.Contracts;
using ActorMigration.Contracts.Trust;

namespace ActorMigration.Simulator;

/// <summary>What calls of the ports do to the host, and what they say. A call may fail before or after it has done its work.</summary>
internal sealed partial class World
{
    private static readonly Evidence AnyEvidence = new(EvidenceKind.Tpm2Quote, [], [], [], [], []);

    public static bool TokenIsValid(HandOverToken token, byte[] digest) => token.Signature is [1] && token.SourceKey.AsSpan().SequenceEqual(digest);

    public static Manifest ManifestOf(AttemptId attempt, Fence fence) => new(attempt, Container, fence, Digest, Digest, Digest, Digest, Digest);

    private AttemptEvent.CallDone Run(SimulatedHost host, AttemptId attempt)
    {
        MustBeDecided(host, attempt, Verdict.Dest, AttemptCall.OpenGate);
        if (host.Tree == Tree.None && !_isMemoryLost)
        {
            host.Tree = Tree.Running;
            _exists = true;
        }

        return new AttemptEvent.CallDone(AttemptCall.OpenGate);
    }

    private AttemptEvent DoCall(SimulatedHost host, AttemptId attempt, AttemptAction action, Outcome outcome)
    {
        switch (action)
        {
            case AttemptAction.Quote:
                return outcome == Outcome.Well ? new AttemptEvent.QuoteMade(AnyEvidence) : new AttemptEvent.QuoteFailed("the TPM fails in this schedule");
            case AttemptAction.CheckEvidence:
                return new AttemptEvent.EvidenceChecked(outcome == Outcome.Well ? "" : "rejected");
            case AttemptAction.LookAtTree:
                return new AttemptEvent.TreeLooked((host.Tree == Tree.Gated && host.StoppedBy == attempt) || _mutant == Mutant.ProposesWithDeadTree);
        }

        if (action is CreatorAction.Run)
        {
            return outcome == Outcome.Well ? Run(host, attempt) : new AttemptEvent.CallFailed(AttemptCall.OpenGate, MigrationFailure.Internal, "the start fails in this schedule");
        }

        var call = CallOf(action);
        var failed = new AttemptEvent.CallFailed(call, MigrationFailure.Internal, $"{call} fails in this schedule");
        if (outcome == Outcome.Fails)
        {
            return failed;
        }

        var done = Work(host, attempt, action, call);
        return outcome == Outcome.FailsAfter ? failed : done;
    }

    private AttemptEvent Work(SimulatedHost host, AttemptId attempt, AttemptAction action, AttemptCall call)
    {
        switch (action)
        {
            case AttemptAction.Call { What: AttemptCall.Survey }:
                return host.Tree == Tree.Running
                    ? new AttemptEvent.Surveyed(new SourceSurvey(null!, 0, 0, 0, 1, [], null!), Digest)
                    : new AttemptEvent.CallFailed(call, MigrationFailure.UnknownContainer, "it does not run here");
            case AttemptAction.RunRound round:
                return new AttemptEvent.RoundDone(new RoundReport(round.Round, 1, 0, 4096, 0, 0, Tick, Tick));
            case AttemptAction.Call { What: AttemptCall.CopyFrozen }:
                return new AttemptEvent.FrozenCopied(new FrozenCopy(ManifestOf(attempt, host.Sides.TryGetValue(attempt, out var side) ? side.Fence : default), 1, 4096, [], null));
            case AttemptAction.SignHandOver sign:
                return new AttemptEvent.HandOverSigned(new HandOverToken(
                    sign.Manifest.Attempt, sign.Manifest.Container, sign.Manifest.Fence, HandOverSignature.Root(sign.Manifest), sign.DestinationKeyDigest, Digest, [1]));
            case AttemptAction.Prepare when host.Tree != Tree.None:
                return new AttemptEvent.CallFailed(call, MigrationFailure.LeftoversFound, "something of the container is here already");
            case AttemptAction.Prepare:
                return new AttemptEvent.ResourcesReady(new DataEndpoint("10.0.0.2", 1, Digest, []));
            case AttemptAction.RestoreToGate when host.Tree != Tree.None:
                Broken(ViolationKind.Leftovers, $"host {host.Name} restores while its tree is {host.Tree}");
                return new AttemptEvent.CallFailed(call, MigrationFailure.LeftoversFound, "leftovers");
            case AttemptAction.RestoreToGate:
                (host.Tree, host.StoppedBy) = (Tree.Gated, attempt);
                return new AttemptEvent.Gated(new GateReport(1, []));
            case AttemptAction.OpenGate when host.Tree == Tree.None && (host.DiedAfterProposal || host.HasForgotten || host.LostWith != Tree.None || IsGivenUp(attempt)):
                // The container has crashed on the host that owns it. Its restart is another story than this protocol's.
                return new AttemptEvent.CallFailed(call, MigrationFailure.ContainerLost, "the tree is dead");
            case AttemptAction.OpenGate when host.Tree == Tree.None:
                Broken(ViolationKind.NothingAtGate, $"host {host.Name} opens a gate behind which nothing is");
                break;
            case AttemptAction.OpenGate when host.Tree == Tree.Gated && host.StoppedBy == attempt:
                MustBeDecided(host, attempt, Verdict.Dest, call);
                host.Tree = Tree.Running;
                break;
            case AttemptAction.Call { What: AttemptCall.AwaitFill }:
                return new AttemptEvent.FillDone(new FillReport(1, 0, TimeSpan.Zero));
            case AttemptAction.Call { What: AttemptCall.Freeze } when host.Tree == Tree.Running:
                (host.Tree, host.StoppedBy) = (Tree.Frozen, attempt);
                break;
            case AttemptAction.RefuseCopy when host.Tree == Tree.Frozen && host.StoppedBy == attempt:
                return new AttemptEvent.CallFailed(call, MigrationFailure.LeftoversFound, "it was said to be off, and its copy stands here");
            case AttemptAction.Call { What: AttemptCall.PlugAndThaw or AttemptCall.Kill } when host.Tree == Tree.Frozen && host.StoppedBy != attempt:
                // Only an old journal can want this, and the port compares.
                return new AttemptEvent.CallFailed(call, MigrationFailure.LeftoversFound, "another attempt has frozen it");
            case AttemptAction.Call { What: AttemptCall.PlugAndThaw } when host.Tree == Tree.Frozen:
                MustBeDecided(host, attempt, Verdict.Source, call);
                host.Tree = Tree.Running;
                break;
            case AttemptAction.Call { What: AttemptCall.Kill }:
                MustBeDecided(host, attempt, Verdict.Dest, call);
                host.Tree = Tree.None;
                break;
            case AttemptAction.RefuseTree when host.Tree == Tree.Gated && host.StoppedBy == attempt:
                return new AttemptEvent.CallFailed(call, MigrationFailure.LeftoversFound, "it was said to be off, and a tree stands here");
            case AttemptAction.Call { What: AttemptCall.KillGated } when host.Tree == Tree.Gated && host.StoppedBy == attempt:
                host.Tree = Tree.None;
                break;
        }

        return new AttemptEvent.CallDone(call);
    }

    private static AttemptCall CallOf(AttemptAction action) => action switch
    {
        AttemptAction.Call c => c.What,
        AttemptAction.Connect => AttemptCall.Connect,
        AttemptAction.RunRound => AttemptCall.RunRound,
        AttemptAction.SignHandOver => AttemptCall.SignHandOver,
        AttemptAction.Prepare => AttemptCall.Prepare,
        AttemptAction.RestoreToGate => AttemptCall.RestoreToGate,
        AttemptAction.OpenGate => AttemptCall.OpenGate,
        AttemptAction.Clean => AttemptCall.Clean,
        AttemptAction.RefuseCopy => AttemptCall.Kill,
        AttemptAction.RefuseTree => AttemptCall.KillGated,
        _ => throw new InvalidOperationException($"nobody performs {action.GetType().Name}"),
    };
}
