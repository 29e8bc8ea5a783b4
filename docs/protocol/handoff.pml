/* Hand-over of one container: one write-once register decides who runs the next epoch (docs/protocol.md, "The stop").
 *
 * Source       = src/Actors/Migrations/SourceMigration.cs       src: Running (before the freeze, or thawed), Frozen, Exited
 * Destination  = src/Actors/Migrations/DestinationMigration.cs  dst: Absent, Gated (tree restored, before its first instruction), Running
 * Register     = src/Actors/Decision/VoterCore.cs               decided: Undecided, Source, Dest; verdict.pml is about how it is kept
 *
 * The destination proposes Dest at the very last moment: tree completely restored, every page accounted for, holding the source's signed hand-over token, PREPARED in
 * its journal. The source proposes Source when it gives up waiting. Nobody runs, thaws or kills on anything but the decided value.
 * Faults: lost messages; daemons that crash and restart (journal, frozen tree and gated tree survive); a gated tree that dies before or after the proposal;
 * one host lost for good (its tree and its voter with it; the register survives by majority).
 *
 * In step with the code, which tests/Actors.Tests/ProtocolModelSpec.cs compares. A label is a state, msg_X a message, journal_X an entry that is on the disk. A name of the code
 * that is not a name of the model is in this table: merged into one of the model's (=), or outside of the model, with the reason (-).
 *   SourceState: Freezing = Freezing, Unplugging
 *   SourceState: CopyingFrozen = CopyingFrozen, Signing
 *   SourceState: Thawing = Thawing, JournalingVerdict
 *   SourceState: Ended = Ended, AwaitingRunning, Cleaning, JournalingEnded
 *   SourceState: - ReadingFloor, Surveying, Offering, CheckingDestination, Quoting, AwaitingAcceptance: the container runs and no register is open; anything ends the attempt
 *   SourceState: - JournalingBegun, Registering, AwaitingResources, Connecting, Copying: the container runs and no token is signed, so Dest cannot be decided
 *   SourceState: - AgreeingStop, RecheckingDestination, Requoting, AwaitingConsent: the container runs and no token is signed, so Dest cannot be decided
 *   SourceState: - Aborting, ClosingRegister: given up before the freeze; the container runs, and without a token the register can only say Source
 *   DestinationState: AwaitingHandOver = AwaitingHandOver, Restoring, JournalingPrepared
 *   DestinationState: LookingAtTree = LookingAtTree, JournalingProposed
 *   DestinationState: OpeningGate = OpeningGate, JournalingVerdict
 *   DestinationState: Ended = Ended, Filling, Cleaning, JournalingEnded
 *   DestinationState: - Quoting, AwaitingSourceEvidence, CheckingSource, AwaitingOrder, JournalingBegun, Preparing, Receiving: nothing can run here, and giving up costs nothing
 *   DestinationState: - Promising, AwaitingFreshEvidence, RecheckingSource: nothing can run here, and giving up costs nothing
 *   DestinationState: - JournalingNever: given up without a proposal, which is a destination that never reads the token
 *   ContainerState: - Unreachable: stands on no host; what others say of one that does not answer
 *   IAttemptMessage: - OfferMigration, DestinationAttested, SourceAttested, EvidenceAccepted, PrepareResources, ResourcesPrepared: before the freeze
 *   IAttemptMessage: - StopImminent, ReadyForStop, SourceReattested, StopAgreed: before the freeze
 *   IAttemptMessage: - ClaimAddress, AddressClaimed: about the network; permit nothing
 *   IAttemptMessage: - AtGate, Running, Filled, TreeLost, SourceCleaned, DestinationCleaned: permit nothing, or only the wiping of files
 *   IAttemptMessage: - VerdictReached: both sides read `decided`, which is what its certificate proves
 *   IAttemptMessage: - MigrationRefused, AbortAttempt, AttemptUnknown: one more reason to give up, at any time and without one as well
 *   IAttemptMessage: - AskAttempt, AttemptGoesOn: change no state in the stop
 *   JournalEntry: - Begun, Ended, LastVerdict, Removed: before and after the stop
 *   JournalEntry: - Prepared: written in the step in which the tree comes to its gate; without it the gated tree is given up, as when it dies
 *   JournalEntry: - Never: see JournalingNever
 *   JournalEntry: - BallotUsed: verdict.pml
 *   JournalEntry: - VerdictLearned: a side that has lost it asks the register again, whose answer is the same for ever
 */
mtype:ContainerState = { Running, Frozen, Gated, Exited };
mtype:Verdict = { Source, Dest };
#define Absent 0                               /* nothing of the container has been made here, or it is gone again */
#define Undecided 0
mtype:ContainerState src = Running, dst = Absent;
mtype:Verdict decided = Undecided;
bool msg_HandOver = false;                     /* manifest and hand-over token have reached the destination */
bool journal_Frozen = false;                   /* in the source's journal */
bool journal_Proposed = false;                 /* in the destination's journal: it has proposed Dest; the proposal may still be on its way */
bool sourceLost = false, destinationLost = false, treeDied = false;
byte crashes = 0;                              /* daemon crashes so far, at most 2 */

inline decide(value) { if :: decided == Undecided -> decided = value :: else fi }

active proctype SourceSide() {
JournalingFrozen:
  if :: sourceLost -> goto Ended :: atomic { !sourceLost -> journal_Frozen = true } fi;                /* FREEZE: fsync */
Freezing:
  if :: sourceLost -> goto Ended :: atomic { !sourceLost -> src = Frozen } fi;                         /* then freeze, then unplug */
CopyingFrozen:
  if :: sourceLost -> goto Ended :: atomic { !sourceLost -> msg_HandOver = true } :: true fi;          /* everything and the token cross, or are lost */
AwaitingVerdict:
  do
  :: sourceLost -> goto Ended
  :: atomic { !sourceLost && decided == Undecided -> decide(Source) }                                  /* PROPOSE_SOURCE: deadline, refusal, failed call, cancel */
  :: atomic { !sourceLost && crashes < 2 -> crashes++; if :: journal_Frozen :: else -> goto Ended fi } /* restart: without FROZEN it would take the container for running */
  :: atomic { !sourceLost && decided == Source -> goto Thawing }                                       /* THAW */
  :: atomic { !sourceLost && decided == Dest -> goto Killing }                                         /* KILL */
  od;
Thawing:
  if :: sourceLost :: atomic { !sourceLost -> src = Running } fi; goto Ended;
Killing:
  if :: sourceLost :: atomic { !sourceLost -> src = Exited } fi;
Ended: skip
}

active proctype DestinationSide() {
AwaitingHandOver:
  do
  :: destinationLost || decided == Source -> goto Ended
  :: atomic { !destinationLost && msg_HandOver -> dst = Gated }; break                                 /* GATE: RestoreToGate, journal PREPARED */
  od;
LookingAtTree:
  do
  :: destinationLost -> goto Ended
  :: atomic { !destinationLost && crashes < 2 -> crashes++ }                                           /* restart: PREPARED counts while the tree lives */
  :: atomic { !destinationLost && decided == Source -> goto KillingGated }                             /* KILL_GATED */
  :: atomic { !destinationLost && decided == Undecided && dst == Gated -> treeDied = true; dst = Absent; goto Ended } /* DIES_AT_GATE: never proposes */
  :: atomic { !destinationLost && !treeDied && dst == Gated -> journal_Proposed = true; goto Deciding } /* LOOK: the tree is alive, journal PROPOSED */
  od;
Deciding:
  do
  :: destinationLost -> goto Ended
  :: atomic { !destinationLost && decided == Undecided -> decide(Dest) }                               /* the proposal arrives, perhaps late */
  :: atomic { !destinationLost && treeDied && decided == Undecided -> decide(Source) }                 /* dead tree after the proposal: Source is wished for */
  :: atomic { !destinationLost && crashes < 2 -> crashes++ }                                           /* restart: PROPOSED is in the journal, the register is asked */
  :: atomic { !destinationLost && decided == Undecided && dst == Gated && !treeDied -> treeDied = true; dst = Absent } /* DIES_DECIDING */
  :: atomic { !destinationLost && decided == Source -> goto KillingGated }                             /* KILL_GATED */
  :: atomic { !destinationLost && decided == Dest && dst == Gated -> goto OpeningGate }                /* OPEN */
  :: atomic { !destinationLost && decided == Dest && dst == Absent -> goto Ended }                     /* crashed at its gate on the host that owns it now */
  od;
OpeningGate:
  if :: destinationLost :: atomic { !destinationLost -> dst = Running } fi; goto Ended;
KillingGated:
  if :: destinationLost :: atomic { !destinationLost -> dst = Absent } fi;
Ended: skip
}

active proctype HostLoss() {
  if
  :: atomic { !sourceLost -> sourceLost = true; src = Exited }
  :: atomic { !destinationLost -> destinationLost = true; dst = Absent }
  :: true
  fi
}

#define quiet (!sourceLost && !destinationLost)
#define diedAfterProposal (treeDied && journal_Proposed)
#define oneRuns ((src == Running && dst != Running) || (dst == Running && src != Running))
ltl never_two                 { [] !(src == Running && dst == Running) }
ltl never_lost                { [] ((quiet && !diedAfterProposal) -> !(src == Exited && dst == Absent)) }
ltl ends_with_one             { (<> (!quiet || diedAfterProposal)) || (<> [] oneRuns) }
ltl survives_source_loss      { [] ((sourceLost && dst == Gated && decided != Source) -> <> (dst == Running || treeDied || destinationLost)) }
ltl survives_destination_loss { [] ((destinationLost && decided != Dest) -> <> (src == Running)) }
