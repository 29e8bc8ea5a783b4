# shellcheck shell=bash
# A source that cannot tell which pages are written (h4, by its configuration): one copy under the freeze, which the operator has to want.

readonly UNTRACKED_OCTET=52
# At 1 Gbit/s this takes half a second, more than the target of a stop.
readonly UNTRACKED_MIB=64

moves_in_one_copy_under_the_freeze() {
  nothing_held
  h4_anew "tracking = off"
  [ "$(amig_on h4 doctor --host h4 --json | jq -r '.findings[] | select(.probe == "tracking") | .verdict')" = Degraded ] || die "the doctor does not say that h4 cannot track."
  "$AMIG_SOURCE/deploy/images.sh" memcheck h4
  start_memcheck untracked "$UNTRACKED_MIB" "$UNTRACKED_OCTET" h4
  refused_with "$EXIT_ABORTED" h4 migrate untracked --to h2
  says "$RUN/refused.error" "rounds" "would still take" "--force"
  memcheck_writes untracked h4 || die "it does not run on h4 any more."
  migrate untracked untracked h4 h2 --force --verify || die "$(error_of untracked)"
  [ "$(of_migration untracked .frozenPages)" -gt $((UNTRACKED_MIB * 256)) ] || die "only $(of_migration untracked .frozenPages) pages crossed under the freeze."
  [ "$(of_migration untracked .memoryDigest.pages)" -gt $((UNTRACKED_MIB * 256)) ] || die "the digest covers $(of_migration untracked .memoryDigest) pages."
  [ "$(sweep h2 untracked)" = 0 ] || die "pages are wrong."
  amig_on h2 rm --force untracked
}
