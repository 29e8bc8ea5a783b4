/* The write-once register: single-decree Paxos among voters fixed when the attempt begins (src/Actors/Decision/VoterCore.cs, Proposer.cs).
 * Proposers: source (wishes 2 = SOURCE) and destination (wishes 1 = DEST); each may try again, as after a restart, with a higher ballot of its own that it
 * wrote to disk before use. A voter's state is durable. Any request may be delivered now, arbitrarily late, or never.
 * agreement (asserted in accept): no two different values are ever accepted by majorities.
 * TRIES bounds the ballots (3: the source tries once, the destination twice), LATES the requests that arrive late; every run checks the values below, `check.sh full`
 * one ballot more and any number of late requests. */
#ifndef TRIES
#define TRIES 3
#endif
#ifndef LATES
#define LATES 2
#endif
#define VOTERS 3
#define BALLOTS (TRIES + 1)  /* ballots 1..TRIES: odd belong to the destination, even to the source */
byte promised[VOTERS], acceptedBallot[VOTERS], acceptedValue[VOTERS];
byte accepted[BALLOTS], value[BALLOTS], late[BALLOTS];        /* bit sets of voters per ballot */
byte lates = 0;
bool destChosen = false, sourceChosen = false;
#define majority(set) (set == 3 || set == 5 || set == 6 || set == 7)

inline accept(v, b) { atomic {
  if :: promised[v] <= b -> promised[v] = b; acceptedBallot[v] = b; acceptedValue[v] = value[b]; accepted[b] = accepted[b] | (1 << v);
        if :: majority(accepted[b]) && value[b] == 1 -> destChosen = true :: majority(accepted[b]) && value[b] == 2 -> sourceChosen = true :: else fi;
        assert(!(destChosen && sourceChosen)) /* agreement */
     :: else fi } }

proctype Proposer(byte b; byte wish) {
  byte v, got, best;
  do
  :: b < BALLOTS ->
     atomic { v = 0; got = 0; best = 0; value[b] = wish };
     do :: atomic { v < VOTERS ->                                           /* one voter's answer, or none */
           if :: promised[v] < b -> promised[v] = b; got++; /* PROMISE */
                 if :: acceptedBallot[v] > best -> best = acceptedBallot[v]; value[b] = acceptedValue[v] :: else fi /* ADOPT */
              :: true fi; v++ }
        :: atomic { v == VOTERS -> v = 0; best = 0; break } od;
     if :: got >= 2 -> /* QUORUM */
           do :: atomic { v < VOTERS -> if :: accept(v, b) :: lates < LATES -> lates++; late[b] = late[b] | (1 << v) :: true fi; v++ }
              :: atomic { v == VOTERS -> v = 0; break } od
        :: else fi;
     b = b + 2 /* NEXT_BALLOT */
  :: else -> break
  od
}
proctype Network() {                                /* late deliveries */
  byte b, v;
  do
  :: atomic { lates > 0 -> select(b : 1 .. TRIES); select(v : 0 .. 2); if :: (late[b] & (1 << v)) -> late[b] = late[b] & ~(1 << v); accept(v, b) :: else fi; b = 0; v = 0 }
  :: break
  od
}
init { atomic { run Proposer(1, 1); run Proposer(2, 2); run Network() } }
