# shellcheck shell=bash
# h4 with certificates of a CA that the others do not know.

# h4's trust files as another CA would have issued them, kept aside. The TPM serves one at a time, so the daemon is down meanwhile.
foreign_trust() {
  local tpm
  tpm=unix:$(lab root h4)/run/amig/tpm.sock
  "$AMIG_OUT/amig/amig" ca init --dir "$RUN/ca"
  "$AMIG_OUT/amig/amig" enrol local --ca-dir "$RUN/ca" --ek-roots "$AMIG_LAB_DIR/$AMIG_LAB/ek-roots" --state "$RUN/foreign" \
    --host h4 --address "$(lab network).4" --tpm "$tpm"
}

trust_of_h4() { echo "$(lab directory h4)/state/trust"; }

foreign_attestation_key() {
  nothing_held
  lab kill h4
  foreign_trust
  cp -a "$(trust_of_h4)" "$RUN/trust"
  cp "$RUN/foreign/trust/ak.crt" "$(trust_of_h4)/ak.crt"
  AMIG_NODE_SETTINGS_h4='' lab configure h4
  lab start h4
  within "$JOIN_SECONDS" is_member h4 || die "h4 is not a member."
  refused_with "$EXIT_ATTESTATION" h1 migrate redis --to h4
  says "$RUN/refused.error" "h4" "AK" "AkChainInvalid"
  [ "$(of_attempt "$(newest_of redis)" '.phase + " " + (.rounds | length | tostring)')" = "Attest 0" ] || die "it got past attestation."
  redis_goes_on
  nothing_left_of "$(newest_of redis)" h1
  nothing_left_of "$(newest_of redis)" h4
}

missing_attestation_key() {
  local status=0
  lab kill h4
  rm "$(trust_of_h4)/ak.crt"
  lab exec h4 timeout 20 amig node --config /var/lib/amig/node.conf >"$RUN/missing.out" 2>&1 || status=$?
  case "$status" in 0 | 124) die "a daemon without an AK certificate started." ;; esac
  says "$RUN/missing.out" "ak.crt" "enrol"
}

# It can join nobody, and the others do not even notice.
foreign_node_certificate() {
  local before id
  before=$(daemons)
  cp "$RUN/foreign/trust/"* "$(trust_of_h4)/"
  lab start h4
  within 20 h4_is_refused || die "h4 does not say why it cannot join: $(tail -n 3 "$(lab directory h4)/log/node.log")"
  ! is_member h4 || die "h4 joined."
  refused_with "$EXIT_NOT_FOUND" h1 migrate redis --to h4
  says "$RUN/refused.error" "h4" "not a reachable member"
  id=$(begin redis h2)
  ended_as "$id" Committed None
  redis_goes_on
  [ "$(daemons)" = "$before" ] || die "a daemon of another host ended."
}

h4_is_refused() { grep -qi "certificate" "$(lab directory h4)/log/node.log"; }

# Process numbers of the daemons that must not notice.
daemons() { lab status | sed -n 's/^\(h[123]\) .* \(node=.*\)/\1 \2/p'; }
