/* The operator's way out where no majority is left (src/Actors/Decision/Resolver.cs, VoterCore.cs, Voter.cs; docs/protocol.md "When no majority is left").
 * Three hosts, all of them voters: the source (0) with its frozen copy, the destination (1) with a tree at its gate, and a third (2). The voters' own register is one ballot here
 * (verdict.pml has it whole): whoever accepts accepts the one value that was proposed. Hosts are switched off and on; what stood on one is gone then, its disk is not.
 * Two operators resolve, generations 1 and 2, each with the hosts that are off when he begins as the fenced ones; such a host is switched on only when he has ended.
 * Whoever has promised and not consented is let go when another host acts on the voters' verdict already (LET_GO): no resolution can have come of its promise.
 * never_two (asserted): the container never runs on both sides. bound (asserted): whoever has consented acts on no verdict of the voters any more.
 */
#define HOSTS 3
#define S 0
#define D 1
#define Source 1
#define Dest 2
bool up[HOSTS] = true, accepted[HOSTS], acted[HOSTS], actedOnVoters[HOSTS];
bool voters;                                 /* an operator has heard that somebody acts on the voters' verdict */
byte promised[HOSTS], consentGeneration[HOSTS], consentValue[HOSTS];
bool copy = true, tree = true;               /* what stands: frozen at the source, gated at the destination */
bool runs[2];
byte proposed;                               /* by the voters' register */
byte certificate[3], fenced[3];              /* of the operators, by generation: value, and who was said to be off */
byte holds[HOSTS];                           /* operators that have fenced this host and have not ended */
#define majority (accepted[0] + accepted[1] + accepted[2] >= 2)

inline act(h, value) {
  acted[h] = true;
  if :: h == S && value == Source && copy -> copy = false; runs[S] = true
     :: h == S && value == Dest -> copy = false
     :: h == D && value == Dest && tree -> tree = false; runs[D] = true
     :: h == D && value == Source -> tree = false
     :: else fi;
  assert(!(runs[S] && runs[D])) /* never_two */
}

/* A host's voter, its side's attempt, and its power. */
proctype Host(byte h) {
  do
  :: atomic { up[h] && promised[h] == 0 && proposed != 0 && !accepted[h] -> accepted[h] = true }
  :: atomic { up[h] && h != 2 && !acted[h] && majority && promised[h] == 0 /* BARRED */ -> assert(consentGeneration[h] == 0); /* bound */ actedOnVoters[h] = true; act(h, proposed) }
  :: atomic { up[h] && voters && promised[h] != 0 && consentGeneration[h] == 0 /* LET_GO */ -> promised[h] = 0 }
  :: atomic { up[h] && h != 2 && !acted[h] && certificate[2] != 0 -> act(h, certificate[2]) }
  :: atomic { up[h] && h != 2 && !acted[h] && certificate[1] != 0 && certificate[2] == 0 -> act(h, certificate[1]) }
  :: atomic { up[h] -> up[h] = false;
       if :: h == S -> copy = false; runs[S] = false :: h == D -> tree = false; runs[D] = false :: else fi }
  :: atomic { !up[h] && holds[h] == 0 -> up[h] = true }
  od
}

proctype Operator(byte g; byte wish) {
  byte h, value, best;
  byte off;
  atomic { off = 0; h = 0;
    do :: h < HOSTS -> if :: !up[h] -> off = off | (1 << h); holds[h]++ :: else fi; h++ :: else -> break od };
  atomic { if :: wish == Source && (!up[S] || !copy) -> goto ended :: wish == Dest && (!up[D] || !tree) -> goto ended :: else fi };
  value = wish; best = 0;
  h = 0;
  do /* PrepareResolution */
  :: h < HOSTS && (off & (1 << h)) != 0 -> h++ /* FENCED */
  :: atomic { h < HOSTS && (off & (1 << h)) == 0 -> /* ASKED */
       if :: up[h] && acted[h] /* DECIDED */ -> voters = voters || actedOnVoters[h]; goto ended
          :: !up[h] || promised[h] >= g -> goto ended
          :: else -> promised[h] = g; if :: consentGeneration[h] > best -> best = consentGeneration[h]; value = consentValue[h] /* ADOPT */ :: else fi fi; h++ }
  :: h == HOSTS -> break
  od;
  if :: value != wish -> goto ended :: else fi; /* REFUSE_OTHER */
  h = 0;
  do /* ConsentToResolution */
  :: h < HOSTS && (off & (1 << h)) != 0 -> h++ /* FENCED */
  :: atomic { h < HOSTS && (off & (1 << h)) == 0 ->
       if :: !up[h] || promised[h] != g /* OUTBID */ -> goto ended
          :: else -> consentGeneration[h] = g; consentValue[h] = value fi; h++ }
  :: h == HOSTS -> break
  od;
  atomic { certificate[g] = value; fenced[g] = off };
ended:
  atomic { h = 0; do :: h < HOSTS -> if :: (off & (1 << h)) != 0 -> holds[h]-- :: else fi; h++ :: else -> break od }
}

init {
  atomic {
    if :: proposed = Source :: proposed = Dest fi;
    run Host(0); run Host(1); run Host(2);
    if :: run Operator(1, Source) :: run Operator(1, Dest) fi;
    if :: run Operator(2, Source) :: run Operator(2, Dest) fi
  }
}
