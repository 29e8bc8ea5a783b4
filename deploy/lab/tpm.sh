# shellcheck shell=bash
# A software TPM per host, with an endorsement key and its certificate from a manufacturer CA made for this lab. As on a real host the chip
# is out of the daemon's reach but for its command socket.

# PCRs that the lab's policy fixes: firmware and boot (0-7) and the dynamic root of trust (17), which `tpm-extend` changes.
# shellcheck disable=SC2034 # used in node.sh
readonly POLICY_PCRS=0,1,2,3,4,5,6,7,17

make_manufacturer() {
  local ca=$LAB/manufacturer
  mkdir -p "$ca/state"
  cat >"$ca/localca.conf" <<CONF
statedir = $ca/state
signingkey = $ca/state/signkey.pem
issuercert = $ca/state/issuercert.pem
certserial = $ca/state/certserial
CONF
  printf '%s\n' "--tpm-manufacturer id:00001014" "--tpm-model swtpm" "--tpm-version 2" \
    "--platform-manufacturer amig" "--platform-version 1" "--platform-model lab" >"$ca/localca.options"
  cat >"$ca/setup.conf" <<CONF
create_certs_tool = $(command -v swtpm_localca)
create_certs_tool_config = $ca/localca.conf
create_certs_tool_options = $ca/localca.options
active_pcr_banks = sha256
CONF
}

# What a verifier must trust: root and intermediate of the manufacturer, which vouch for software TPMs only.
collect_ek_roots() {
  mkdir -p "$LAB/ek-roots/software"
  cp "$LAB/manufacturer/state/swtpm-localca-rootca-cert.pem" "$LAB/manufacturer/state/issuercert.pem" "$LAB/ek-roots/software/"
}

manufacture_chip() { # HOST
  local directory
  directory=$(host_directory "$1")
  swtpm_setup --tpm2 --tpmstate "$directory/chip" --config "$LAB/manufacturer/setup.conf" \
    --create-ek-cert --create-platform-cert --lock-nvram --pcr-banks sha256 --overwrite >>"$directory/log/swtpm.log" 2>&1 \
    || die "swtpm_setup for $1 failed: see $directory/log/swtpm.log."
}

start_chip() { # HOST
  local host=$1 parent
  start_process "$host.swtpm-parent" "$(host_directory "$host")/log/swtpm.log" \
    nsenter --target "$(process_of "$host.init")" --net --mount --pid --uts --ipc --time --wd=/ -- \
    swtpm socket --tpm2 --tpmstate dir=/run/swtpm/state --flags not-need-init,startup-clear \
    --server type=unixio,path=/run/amig/tpm.sock --ctrl type=unixio,path=/run/swtpm/control.sock
  parent=$(process_of "$host.swtpm-parent")
  wait_until 10 "start of the TPM of $host" has_child "$host.swtpm-parent"
  record_process "$host.swtpm" "$(only_child_of "$parent")"
  wait_until 10 "the TPM's socket on $host" test -S "$(host_root "$host")/run/amig/tpm.sock"
}

# Power off and on: PCRs start anew, keys and counters stay.
reset_chip() { # HOST
  kill_process "$1.swtpm" TERM
  kill_process "$1.swtpm-parent"
  rm -f "$(host_root "$1")/run/amig/tpm.sock" "$(host_root "$1")/run/swtpm/control.sock"
  start_chip "$1"
}

# Measures something new behind the daemon's back, as a late launch of other code would: the platform's own way
# (TPM_Hash_Start/Data/End) resets the dynamic PCRs and extends PCR 17. It needs no command socket, which the daemon holds.
extend_chip() { # HOST
  in_host "$1" swtpm_ioctl --unix /run/swtpm/control.sock -h "measured behind the daemon's back"
}
