/* The operator's way out where no majority is left (src/Actors/Decision/Resolver.cs, VoterCore.cs, Voter.cs; docs/protocol.md "When no majority is left").
 * Three hosts, all of them voters: the source (0) with its frozen copy, the destination (1) with a tree at its gate, and a third (2). The voters' own register is one ballot here
 * (verdict.pml has it whole): whoever accepts accepts the one value that was proposed. Hosts are switched off and on; what stood on one is gone then, its disk is not.
 * Two operators resolve, generations 1 and 2, each with the hosts that are off when he begins as the fenced ones; such a host is switched on only when he has ended. They give the container to a
 * side at which it stands, or to nobody when it stands at none.
 * Whoever has promised and not consented is let go when another host acts on the voters' verdict already (LET_GO): no resolution can have come of its promise.
 * never_two (asserted): the container never runs on both sides. lost (asserted): what is given to nobody stands nowhere. bound (asserted): whoever has consented acts on no verdict of the voters any more.
 */
#define HOSTS 3
#define S 0
#define D 1
#define Source 1
#define Dest 2
#define Nobody 0                             /* a wish, never a value: what is lost is the source's by name, or whose it was by an earlier resolution */
bool up[HOSTS] = true, accepted[HOSTS], acted[HOSTS], actedOnVoters[HOSTS];
bool voters;                                 /* an operator has heard that somebody acts on the voters' verdict */
byte promised[HOSTS], consentGeneration[HOSTS], consentValue[HOSTS];
bool copy = true, tree = true;               /* what stands: frozen at the source, gated at the destination */
bool runs[2];
byte proposed;                               /* by the voters' register */
byte certificate[3], fenced[3];              /* of the operators, by generation: value, and who was said to be off */
byte holds[HOSTS];                           /* operators that have fenced this host and have not ended */
#define winner (wish == Dest -> D : S)
#define h (wish == Dest && i < 2 -> 1 - i : i) /* whom an operator asks next: the side that is to have the container before all others */
#define majority (accepted[0] + accepted[1] + accepted[2] >= 2)

inline act(me, value) {
  acted[me] = true;
  if :: me == S && value == Source && copy -> copy = false; runs[S] = true
     :: me == S && value == Dest -> copy = false
     :: me == D && value == Dest && tree -> tree = false; runs[D] = true
     :: me == D && value == Source -> tree = false
     :: else fi;
  assert(!(runs[S] && runs[D])) /* never_two */
}

/* A host's voter, its side's attempt, and its power. */
proctype Host(byte me) {
  do
  :: atomic { up[me] && promised[me] == 0 && proposed != 0 && !accepted[me] -> accepted[me] = true }
  :: atomic { up[me] && me != 2 && !acted[me] && majority && promised[me] == 0 /* BARRED */ -> assert(consentGeneration[me] == 0); /* bound */ actedOnVoters[me] = true; act(me, proposed) }
  :: atomic { up[me] && voters && promised[me] != 0 && consentGeneration[me] == 0 /* LET_GO */ -> promised[me] = 0 }
  :: atomic { up[me] && me != 2 && !acted[me] && certificate[2] != 0 -> act(me, certificate[2]) }
  :: atomic { up[me] && me != 2 && !acted[me] && certificate[1] != 0 && certificate[2] == 0 -> act(me, certificate[1]) }
  :: atomic { up[me] -> up[me] = false;
       if :: me == S -> copy = false; runs[S] = false :: me == D -> tree = false; runs[D] = false :: else fi }
  :: atomic { !up[me] && holds[me] == 0 -> up[me] = true }
  od
}

proctype Operator(byte g; byte wish) {
  byte i, value, best;
  byte off;
  atomic { off = 0; i = 0;
    do :: i < HOSTS -> if :: !up[i] -> off = off | (1 << i); holds[i]++ :: else fi; i++ :: else -> break od };
  if :: wish != Nobody && (off & (1 << winner)) != 0 -> goto ended :: else fi;
  if :: wish == Nobody -> value = Source :: else -> value = wish fi;
  best = 0;
  i = 0;
  do /* PrepareResolution */
  :: i < HOSTS && (off & (1 << h)) != 0 -> i++ /* FENCED */
  :: atomic { i < HOSTS && (off & (1 << h)) == 0 -> /* ASKED */
       if :: up[h] && acted[h] /* DECIDED */ -> voters = voters || actedOnVoters[h]; goto ended
          :: !up[h] || promised[h] >= g -> goto ended
          :: else ->
               if :: wish == Nobody && ((h == S && copy) || (h == D && tree)) -> goto ended /* STANDS */
                  :: wish != Nobody && h == winner && consentValue[h] != wish && ((h == S && !copy) || (h == D && !tree)) -> goto ended /* NOTHING */
                  :: else -> promised[h] = g; if :: consentGeneration[h] > best -> best = consentGeneration[h]; value = consentValue[h] /* ADOPT */ :: else fi fi
       fi; i++ }
  :: i == HOSTS -> break
  od;
  if :: value == Source && wish == Dest && (off & (1 << S)) != 0 -> value = wish    /* what was given to a side that is off is off with it */
     :: value == Dest && wish == Source && (off & (1 << D)) != 0 -> value = wish
     :: wish != Nobody && value != wish && (off & (1 << (value == Dest -> D : S))) == 0 -> goto ended /* REFUSE_OTHER */
     :: else fi;
  i = 0;
  do /* ConsentToResolution */
  :: i < HOSTS && (off & (1 << h)) != 0 -> i++ /* FENCED */
  :: atomic { i < HOSTS && (off & (1 << h)) == 0 ->
       if :: !up[h] || promised[h] != g /* OUTBID */ -> goto ended
          :: else -> consentGeneration[h] = g; consentValue[h] = value fi; i++ }
  :: i == HOSTS -> break
  od;
  atomic { certificate[g] = value; fenced[g] = off; assert(wish != Nobody || !(copy || tree || runs[S] || runs[D])) /* lost */ };
ended:
  atomic { i = 0; do :: i < HOSTS -> if :: (off & (1 << i)) != 0 -> holds[i]-- :: else fi; i++ :: else -> break od }
}

init {
  atomic {
    if :: proposed = Source :: proposed = Dest fi;
    run Host(0); run Host(1); run Host(2);
    if :: run Operator(1, Source) :: run Operator(1, Dest) :: run Operator(1, Nobody) fi;
    if :: run Operator(2, Source) :: run Operator(2, Dest) :: run Operator(2, Nobody) fi
  }
}
