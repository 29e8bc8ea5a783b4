/* Hand-over of one container: one write-once register decides who runs the next epoch (docs/protocol.md, "The stop").
 *
 * Source       = src/Actors/Migrations/SourceMigration.cs       src: RUN (before the freeze, or thawed), FROZEN, DEAD
 * Destination  = src/Actors/Migrations/DestinationMigration.cs  dst: NONE, GATED (tree restored, before its first instruction), RUN
 * Register     = src/Actors/Decision/VoterCore.cs               decided: UNDECIDED, SOURCE, DEST; verdict.pml is about how it is kept
 *
 * The destination proposes DEST at the very last moment: tree completely restored, every page accounted for, holding the source's signed hand-over token, PREPARED in
 * its journal. The source proposes SOURCE when it gives up waiting. Nobody runs, thaws or kills on anything but the decided value.
 * Faults: lost messages; daemons that crash and restart (journal, frozen tree and gated tree survive); a gated tree that dies before or after the proposal;
 * one host lost for good (its tree and its voter with it; the register survives by majority). */
mtype = { RUN, FROZEN, DEAD, NONE, GATED, UNDECIDED, DEST, SOURCE };
mtype src = RUN, dst = NONE, decided = UNDECIDED;
bool token = false;                            /* manifest and hand-over token have reached the destination */
bool frozenWritten = false;                    /* FROZEN is in the source's journal */
bool proposed = false;                         /* the destination has proposed DEST; the proposal may still be on its way */
bool sourceLost = false, destinationLost = false, treeDied = false;
byte crashes = 0;                              /* daemon crashes so far, at most 2 */

inline decide(value) { if :: decided == UNDECIDED -> decided = value :: else fi }

active proctype Source() {
  if :: sourceLost -> goto out :: atomic { !sourceLost -> frozenWritten = true } fi;                /* FREEZE: journal FROZEN, fsync */
  if :: sourceLost -> goto out :: atomic { !sourceLost -> src = FROZEN } fi;                        /* then freeze, then unplug */
  if :: sourceLost -> goto out :: atomic { !sourceLost -> token = true } :: true fi;                /* everything and the token cross, or are lost */
  do
  :: sourceLost -> break
  :: atomic { !sourceLost && decided == UNDECIDED -> decide(SOURCE) }                               /* PROPOSE_SOURCE: deadline, refusal, failed call, cancel */
  :: atomic { !sourceLost && crashes < 2 -> crashes++; if :: frozenWritten :: else -> goto out fi } /* restart: without FROZEN it would take the container for running */
  :: atomic { !sourceLost && decided == SOURCE -> src = RUN }; break                                /* THAW */
  :: atomic { !sourceLost && decided == DEST -> src = DEAD }; break                                 /* KILL */
  od;
out: skip
}

active proctype Destination() {
  do
  :: destinationLost || decided == SOURCE -> goto out
  :: atomic { !destinationLost && token -> dst = GATED }; break                                     /* GATE: RestoreToGate, journal PREPARED */
  od;
  do
  :: destinationLost -> break
  :: atomic { !destinationLost && !proposed && !treeDied && dst == GATED -> proposed = true }       /* LOOK: the tree is alive, journal PROPOSED */
  :: atomic { !destinationLost && proposed && decided == UNDECIDED -> decide(DEST) }                /* the proposal arrives, perhaps late */
  :: atomic { !destinationLost && proposed && treeDied && decided == UNDECIDED -> decide(SOURCE) }  /* dead tree after the proposal: SOURCE is wished for */
  :: atomic { !destinationLost && crashes < 2 -> crashes++ }                                        /* restart: PREPARED counts while the tree lives */
  :: atomic { !destinationLost && decided == UNDECIDED && dst == GATED && !treeDied -> treeDied = true; dst = NONE; if :: !proposed -> goto out :: else fi } /* DIES: never proposes */
  :: atomic { !destinationLost && decided == SOURCE -> dst = NONE }; break                          /* KILL_GATED */
  :: atomic { !destinationLost && decided == DEST && dst == GATED -> dst = RUN }; break             /* OPEN */
  :: atomic { !destinationLost && decided == DEST && dst == NONE -> break }                         /* crashed at its gate on the host that owns it now */
  od;
out: skip
}

active proctype HostLoss() {
  if
  :: atomic { !sourceLost -> sourceLost = true; src = DEAD }
  :: atomic { !destinationLost -> destinationLost = true; dst = NONE }
  :: true
  fi
}

#define quiet (!sourceLost && !destinationLost)
#define diedAfterProposal (treeDied && proposed)
#define oneRuns ((src == RUN && dst != RUN) || (dst == RUN && src != RUN))
ltl never_two                 { [] !(src == RUN && dst == RUN) }
ltl never_lost                { [] ((quiet && !diedAfterProposal) -> !(src == DEAD && dst == NONE)) }
ltl ends_with_one             { (<> (!quiet || diedAfterProposal)) || (<> [] oneRuns) }
ltl survives_source_loss      { [] ((sourceLost && dst == GATED && decided != SOURCE) -> <> (dst == RUN || treeDied || destinationLost)) }
ltl survives_destination_loss { [] ((destinationLost && decided != DEST) -> <> (src == RUN)) }
