/* The write-once register: single-decree Paxos among voters fixed when the attempt begins (src/Actors/Decision/VoterCore.cs, Proposer.cs).
 * Proposers: source (wishes Source) and destination (wishes Dest); each may try again, as after a restart, with a higher ballot of its own that it
 * wrote to disk before use. A voter's state is durable. Any request may be delivered now, arbitrarily late, or never.
 * agreement (asserted in accept): no two different values are ever accepted by majorities.
 * TRIES bounds the ballots (3: the source tries once, the destination twice), LATES the requests that arrive late; every run checks the values below, `check.sh full`
 * one ballot more and any number of late requests.
 *
 * In step with the code, which tests/Actors.Tests/ProtocolModelSpec.cs compares. A label is a state, msg_X a message, voter_X what a voter keeps. A name of the code that is not
 * a name of the model is in this table: merged into one of the model's (=), or outside of the model, with the reason (-).
 *   ProposerState: Preparing = Preparing, Holding
 *   ProposerState: BackingOff = BackingOff, WritingBallot
 *   ProposerState: - Idle: nothing was asked of it
 *   ProposerState: - Decided: agreement is asserted of what the voters accept, whoever learns it
 *   VoterRequest: - AskFloor, Begin, Withdraw, Release, AskMemory: about which registers there are; here is one, begun everywhere
 *   VoterRequest: - Learn: a voter that knows the verdict answers with it; it never accepts again
 *   VoterRequest: - PrepareResolution, ConsentToResolution, SpreadResolution, AskResolutions, AskWhetherLost: where no majority is left, the operator decides (resolve.pml)
 *   VoterReply: - ResolutionPromised, Consented, Resolutions: likewise
 *   VoterReply: - Floor, Registered, BeginRefused, Memory, Done: about which registers there are
 *   VoterReply: - UnknownRegister, Outbid, Refused: no promise and no accept, which is a reply that is lost
 *   VoterReply: - Decided, Forgotten: the verdict is known to a majority already
 *   OpenRegister: - Registration, Id: here is one register
 *   OpenRegister: - AcceptedToken: comes with the value, which no voter accepts without it (handoff.pml)
 */
#ifndef TRIES
#define TRIES 3
#endif
#ifndef LATES
#define LATES 2
#endif
#define VOTERS 3
#define BALLOTS (TRIES + 1)  /* ballots 1..TRIES: odd belong to the destination, even to the source */
#define Source 1
#define Dest 2
byte voter_Promised[VOTERS], voter_AcceptedBallot[VOTERS], voter_AcceptedValue[VOTERS];
byte msg_Accepted[BALLOTS], value[BALLOTS], late[BALLOTS];    /* bit sets of voters per ballot, and its value */
byte lates = 0;
bool destChosen = false, sourceChosen = false;
#define majority(set) (set == 3 || set == 5 || set == 6 || set == 7)

inline msg_Accept(v, b) { atomic {
  if :: voter_Promised[v] <= b -> voter_Promised[v] = b; voter_AcceptedBallot[v] = b; voter_AcceptedValue[v] = value[b]; msg_Accepted[b] = msg_Accepted[b] | (1 << v);
        if :: majority(msg_Accepted[b]) && value[b] == Dest -> destChosen = true :: majority(msg_Accepted[b]) && value[b] == Source -> sourceChosen = true :: else fi;
        assert(!(destChosen && sourceChosen)) /* agreement */
     :: else fi } }

inline msg_Prepare(v, b) {                                                 /* one voter's answer */
  if :: voter_Promised[v] < b -> voter_Promised[v] = b; msg_Promised++; /* PROMISE */
        if :: voter_AcceptedBallot[v] > best -> best = voter_AcceptedBallot[v]; value[b] = voter_AcceptedValue[v] :: else fi /* ADOPT */
     :: true fi }                                                           /* or none */

proctype Proposer(byte b; byte wish) {
  byte v, msg_Promised, best;
  do
  :: b < BALLOTS ->
Preparing:
     atomic { v = 0; msg_Promised = 0; best = 0; value[b] = wish };
     do :: atomic { v < VOTERS -> msg_Prepare(v, b); v++ }
        :: atomic { v == VOTERS -> v = 0; best = 0; break } od;
Accepting:
     if :: msg_Promised >= 2 -> /* QUORUM */
           do :: atomic { v < VOTERS -> if :: msg_Accept(v, b) :: lates < LATES -> lates++; late[b] = late[b] | (1 << v) :: true fi; v++ }
              :: atomic { v == VOTERS -> v = 0; break } od
        :: else fi;
BackingOff:
     b = b + 2 /* NEXT_BALLOT */
  :: else -> break
  od
}
proctype Network() {                                /* late deliveries */
  byte b, v;
  do
  :: atomic { lates > 0 -> select(b : 1 .. TRIES); select(v : 0 .. 2); if :: (late[b] & (1 << v)) -> late[b] = late[b] & ~(1 << v); msg_Accept(v, b) :: else fi; b = 0; v = 0 }
  :: break
  od
}
init { atomic { run Proposer(1, Dest); run Proposer(2, Source); run Network() } }
