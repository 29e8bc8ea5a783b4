# shellcheck shell=bash
# The named steps of an attempt at which a round can be held, in the order in which a good move comes to them, and how to get to those of a move
# that is given up. Names as in SourceState.cs and DestinationState.cs; docs/protocol.md says what happens there.

# By what is true when an attempt stands before its work in the step:
#   early     the container runs, nothing of it is at the destination
#   copying   the container runs, pages and files cross
#   stopped   it may stand still, and no tree is at its gate
#   gated     the tree stands at its gate, DEST has not been proposed by this side
#   deciding  DEST is about to be proposed, or has been
#   decided   the verdict is DEST, and not carried out yet by this side
#   ending    it runs at the destination, or is about to
readonly STEPS_early="Source.ReadingFloor Source.Surveying Source.Offering Destination.Quoting Destination.AwaitingSourceEvidence Source.CheckingDestination Source.Quoting Source.AwaitingAcceptance Destination.CheckingSource Destination.AwaitingOrder Source.JournalingBegun Source.Registering Source.AwaitingResources Destination.JournalingBegun Destination.Preparing"
readonly STEPS_copying="Destination.Receiving Source.Connecting Source.Copying Source.AgreeingStop Destination.Promising Destination.AwaitingFreshEvidence Source.RecheckingDestination Source.Requoting Source.AwaitingConsent Destination.RecheckingSource"
readonly STEPS_stopped="Destination.AwaitingHandOver Source.JournalingFrozen Source.Freezing Source.Unplugging Source.CopyingFrozen Source.Signing Source.AwaitingVerdict Destination.Restoring"
readonly STEPS_gated="Destination.JournalingPrepared Destination.LookingAtTree Destination.JournalingProposed"
readonly STEPS_deciding="Destination.Deciding"
readonly STEPS_decided="Destination.JournalingVerdict Destination.OpeningGate Source.JournalingVerdict Source.Killing"
readonly STEPS_ending="Destination.Filling Source.AwaitingRunning Destination.Cleaning Destination.JournalingEnded Source.Cleaning Source.JournalingEnded"
# Of an attempt that is given up: the step, and where it is held and cancelled first.
readonly STEPS_abort="Source.Aborting=Source.Copying Source.ClosingRegister=Source.Copying Source.Thawing=Source.CopyingFrozen Destination.JournalingNever=Source.CopyingFrozen Destination.KillingGated=Destination.JournalingProposed"

all_steps() {
  local pair
  # shellcheck disable=SC2086 # words
  printf '%s\n' $STEPS_early $STEPS_copying $STEPS_stopped $STEPS_gated $STEPS_deciding $STEPS_decided $STEPS_ending
  for pair in $STEPS_abort; do echo "${pair%%=*}"; done
}

stage_of() { # STEP
  local stage list
  for stage in early copying stopped gated deciding decided ending; do
    list=STEPS_$stage
    case " ${!list} " in *" $1 "*) echo "$stage"; return ;; esac
  done
  [ -z "$(cancelled_at "$1")" ] || { echo abort; return; }
  die "there is no step '$1'."
}

# Where an attempt has to be cancelled so that it comes to STEP; nothing for a step of a good move.
cancelled_at() { # STEP
  local pair
  for pair in $STEPS_abort; do
    [ "${pair%%=*}" != "$1" ] || echo "${pair#*=}"
  done
}

# Where the other side has to wait until an attempt has come to STEP. A source that hears that the container runs while it still kills its copy waits for nothing more.
held_back_for() { [ "$1" != Source.AwaitingRunning ] || echo Destination.OpeningGate; }

# Which of the round's hosts an attempt is held on for STEP.
host_of_step() { case "$1" in Source.*) echo "$FROM" ;; *) echo "$TO" ;; esac; }
