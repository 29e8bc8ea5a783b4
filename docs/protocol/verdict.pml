/* The write-once register: single-decree Paxos among voters fixed when the attempt begins (src/Actors/Decision/VoterCore.cs, Proposer.cs).
 * Proposers: source (wishes 2 = SOURCE) and destination (wishes 1 = DEST); each may try again, as after a restart, with a higher ballot of its own that it
 * wrote to disk before use. A voter's state is durable. Any request may be delivered now, arbitrarily late, or never.
 * agreement: no two different values are ever accepted by majorities.
 * TRIES bounds the number of ballots; 3 (the source may try once, the destination twice) is checked in every run, 4 with `check.sh full`. */
#ifndef TRIES
#define TRIES 3
#endif
#define VOTERS 3
#define BALLOTS (TRIES + 1)  /* ballots 1..TRIES: odd belong to the destination, even to the source */
byte promised[VOTERS], acceptedBallot[VOTERS], acceptedValue[VOTERS];
byte accepted[BALLOTS], value[BALLOTS], late[BALLOTS];        /* bit sets of voters per ballot */
bool destChosen = false, sourceChosen = false;
#define majority(set) (set == 3 || set == 5 || set == 6 || set == 7)

inline accept(v, b) { atomic {
  if :: promised[v] <= b -> promised[v] = b; acceptedBallot[v] = b; acceptedValue[v] = value[b]; accepted[b] = accepted[b] | (1 << v);
        if :: majority(accepted[b]) && value[b] == 1 -> destChosen = true :: majority(accepted[b]) && value[b] == 2 -> sourceChosen = true :: else fi
     :: else fi } }

proctype Proposer(byte b; byte wish) {
  byte v, got, best;
  do
  :: b < BALLOTS ->
     v = 0; got = 0; best = 0; value[b] = wish;
     do :: v < VOTERS ->
           if :: atomic { promised[v] < b -> promised[v] = b; got++; /* PROMISE */
                          if :: acceptedBallot[v] > best -> best = acceptedBallot[v]; value[b] = acceptedValue[v] :: else fi /* ADOPT */ }
              :: true fi; v++
        :: else -> break od;
     if :: got >= 2 -> /* QUORUM */
           v = 0;
           do :: v < VOTERS -> if :: accept(v, b) :: late[b] = late[b] | (1 << v) :: true fi; v++
              :: else -> break od
        :: else fi;
     b = b + 2 /* NEXT_BALLOT */
  :: else -> break
  od
}
proctype Network() {                                /* late deliveries */
  byte b, v;
  do
  :: b = 1; do :: b < BALLOTS - 1 -> b++ :: break od; v = 0; do :: v < VOTERS - 1 -> v++ :: break od;
     atomic { if :: (late[b] & (1 << v)) -> late[b] = late[b] & ~(1 << v); accept(v, b) :: else fi }
  :: break
  od
}
init { atomic { run Proposer(1, 1); run Proposer(2, 2); run Network() } }
ltl agreement { [] !(destChosen && sourceChosen) }
