#!/usr/bin/env bash
# Checks the three models of the protocol with spin, and that every rule in them is needed: each mutant, which is the model with one rule broken,
# must violate a property. Exit code 0 only when all properties hold and all mutants are caught. Needs spin and gcc (deploy/setup.sh installs them).
# usage: docs/protocol/check.sh [full]        full: the register with one more ballot, some minutes and some GB of memory
set -euo pipefail
cd "$(dirname "$0")"

readonly HANDOFF_PROPERTIES="never_two never_lost ends_with_one survives_source_loss survives_destination_loss"
WORK=$(mktemp -d)
readonly WORK
trap 'rm -rf "$WORK"' EXIT
FAILED=0
# The hand-over's properties are temporal and need weak fairness; the register's one is an assertion, for which spin searches less.
FLAGS=(-DNFAIR=6)

main() {
  local tool
  for tool in spin gcc; do
    command -v "$tool" >/dev/null || { echo "check.sh: $tool is not installed: run deploy/setup.sh" >&2; exit 2; }
  done
  check_handoff
  check_verdict
  check_resolve
  [ "${1:-}" != full ] || holds "register, 4 ballots" verdict.pml agreement -DTRIES=4 -DLATES=99
  if [ "$FAILED" -ne 0 ]; then echo "check.sh: $FAILED check(s) of the protocol's models failed" >&2; exit 1; fi
  echo "all properties hold, all mutants are caught"
}

check_handoff() {
  holds "hand-over" handoff.pml "$HANDOFF_PROPERTIES"
  mutant "source thaws on a time-out" handoff.pml PROPOSE_SOURCE 's/decide(Source) }/goto Thawing }/'
  mutant "gate opens without the register" handoff.pml OPEN 's/decided == Dest \&\& //'
  mutant "source killed at the hand-over" handoff.pml KILL 's/decided == Dest -> goto Killing/msg_HandOver -> goto Killing/'
  mutant "register not write-once" handoff.pml 'inline decide' 's/if :: decided == Undecided -> decided = value :: else fi/decided = value/' 's/\&\& decided == Undecided -> decide/-> decide/'
  mutant "proposes although its tree is gone" handoff.pml LOOK 's/\&\& !treeDied \&\& dst == Gated -> journal_Proposed/-> journal_Proposed/' 's/dst = Absent; goto Ended/dst = Absent/' 's/\&\& !diedAfterProposal//' 's/!quiet || diedAfterProposal/!quiet/'
  mutant "source never gives up" handoff.pml PROPOSE_SOURCE d
  mutant "FROZEN not in the journal" handoff.pml FREEZE 's/journal_Frozen = true/skip/'
  mutant "gate closed by a time-out" handoff.pml KILL_GATED 's/decided == Source -> goto/decided != Source -> goto/'
}

check_verdict() {
  FLAGS=(-DSAFETY -DCOLLAPSE -DMEMLIM=12000)
  holds "register" verdict.pml agreement
  mutant "voter forgets its promise" verdict.pml PROMISE 's/voter_Promised\[v\] < b -> voter_Promised\[v\] = b; msg_Promised++/true -> msg_Promised++/'
  mutant "value of an earlier ballot not adopted" verdict.pml ADOPT 's/value\[b\] = voter_AcceptedValue\[v\]/skip/'
  mutant "half of the voters are enough" verdict.pml QUORUM 's/msg_Promised >= 2/msg_Promised >= 1/'
  mutant "ballot used twice with another wish" verdict.pml NEXT_BALLOT 's/b = b + 2 /if :: b = b + 2 :: value[b] = 3 - wish; wish = 3 - wish fi /' 's/voter_Promised\[v\] < b -> voter_Promised/voter_Promised[v] <= b -> voter_Promised/'
}

check_resolve() {
  FLAGS=(-DSAFETY -DCOLLAPSE -DMEMLIM=4000)
  holds "resolution" resolve.pml agreement
  mutant "acts on the voters in spite of its promise" resolve.pml BARRED 's/ && promised\[me\] == 0//'
  mutant "a host that is not off is not asked" resolve.pml FENCED 's/ && (off & (1 << h)) != 0//'
  mutant "a host that acts already is not heard" resolve.pml DECIDED 's/:: up\[h\] && acted\[h\]/:: false/'
  mutant "let go in spite of its consent" resolve.pml LET_GO 's/ && consentGeneration\[me\] == 0//'
  mutant "value of an earlier resolution not adopted" resolve.pml ADOPT 's/value = consentValue\[h\]/skip/'
  mutant "consents to a generation that was outbid" resolve.pml OUTBID 's/ || promised\[h\] != g//'
  mutant "what is said to be lost is not looked for" resolve.pml STANDS 's/wish == Nobody/false/'
}

# Makes the checker of a model, $WORK/build/pan, for all its properties.
build() { # FILE [DEFINE...]
  rm -rf "$WORK/build" && mkdir "$WORK/build" && cp "$1" "$WORK/build/model.pml"
  ( cd "$WORK/build" && spin -a "${@:2}" model.pml >spin.log 2>&1 && gcc -w -O1 "${FLAGS[@]}" -o pan pan.c ) \
    || { echo "check.sh: $1 cannot be built: $(tail -n 3 "$WORK/build/spin.log")" >&2; return 1; }
}

# Errors that the checker finds for PROPERTY; fails when the search did not come to its end.
errors() { # PROPERTY
  local out
  case "$1" in
    agreement) out=$(cd "$WORK/build" && ./pan -m2000000 2>&1) || true ;;
    *) out=$(cd "$WORK/build" && ./pan -a -f -N "$1" -m2000000 2>&1) || true ;;
  esac
  if grep -qE 'search depth too small|out of memory|memory limit' <<<"$out"; then echo "check.sh: the search did not end" >&2; return 1; fi
  grep -oE 'errors: [0-9]+' <<<"$out" | grep -oE '[0-9]+'
}

holds() { # NAME FILE PROPERTIES [DEFINE...]
  local property found
  build "$2" "${@:4}" || { FAILED=$((FAILED + 1)); return; }
  for property in $3; do
    found=$(errors "$property") || { FAILED=$((FAILED + 1)); continue; }
    if [ "$found" -eq 0 ]; then echo "holds: $1, $property"; else echo "VIOLATED: $1, $property" >&2; FAILED=$((FAILED + 1)); fi
  done
}

properties() { # FILE
  grep -oE '^ltl [a-z_]+' "$1" | cut -d" " -f2 || echo agreement
}

# The model with one rule broken: the first edit on the line that carries the rule's label, further ones anywhere.
mutant() { # NAME FILE LABEL EDIT...
  local name=$1 file=$2 broken=$WORK/mutant.pml property found edit edits=(-e "/$3/ $4")
  for edit in "${@:5}"; do edits+=(-e "$edit"); done
  sed "${edits[@]}" "$file" >"$broken"
  if cmp -s "$file" "$broken"; then echo "NOT A MUTANT: $name" >&2; FAILED=$((FAILED + 1)); return; fi
  build "$broken" || { FAILED=$((FAILED + 1)); return; }
  while read -r property; do
    found=$(errors "$property") || { FAILED=$((FAILED + 1)); return; }
    if [ "$found" -ne 0 ]; then echo "caught: $name (breaks $property)"; return; fi
  done < <(properties "$file")
  echo "NOT CAUGHT: $name" >&2
  FAILED=$((FAILED + 1))
}

main "$@"
