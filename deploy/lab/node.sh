# shellcheck shell=bash
# `amig node` on each host: certificate authorities, enrolment, policy, configuration, daemon.

start_nodes() { :; }
start_node() { :; }
kill_node() { kill_process "$1.node"; }
