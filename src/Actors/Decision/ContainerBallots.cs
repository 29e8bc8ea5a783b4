using System.Collections.Immutable;
using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>A register that is open at a voter.</summary>
/// <param name="Registration">As it was begun.</param>
/// <param name="Promised">Highest ballot promised.</param>
/// <param name="AcceptedBallot">Ballot of the value that was accepted last.</param>
/// <param name="AcceptedValue">That value.</param>
/// <param name="AcceptedToken">The token that came with it.</param>
public sealed record OpenRegister(
    Registration Registration, Ballot? Promised = null, Ballot? AcceptedBallot = null, Verdict? AcceptedValue = null, HandOverToken? AcceptedToken = null)
{
    /// <summary>The register's name.</summary>
    public RegisterId Id => Registration.Register;
}

/// <summary>A register that the operator decides.</summary>
/// <param name="Registration">As it was begun.</param>
/// <param name="Generation">Highest that was promised.</param>
/// <param name="Consented">What this host has consented to last.</param>
public sealed record ResolvingRegister(Registration Registration, int Generation, Resolution? Consented = null);

/// <summary>A verdict that somebody may still ask for.</summary>
/// <param name="Register">The register and its verdict.</param>
/// <param name="Has">Parties whose attempts have it on their disks; when both have, and all hosts that must be told are, it is dropped and only the floor stays.</param>
public sealed record KeptVerdict(ClosedRegister Register, ImmutableHashSet<HostName> Has)
{
    /// <summary>Hosts that were told the operator's verdict; they keep it themselves.</summary>
    public ImmutableHashSet<HostName> Told { get; init; } = [];

    /// <summary>Who has to be told: every host, when it is the operator's verdict, as those that were off do not know that their own is void.</summary>
    public IEnumerable<HostName> Untold => Register.Certificate.Generation > 0 ? Register.Registration.Hosts().Except(Told) : [];

    /// <summary>True when nobody needs it any more.</summary>
    public bool IsKnownToAll => Has.Contains(Register.Registration.Source) && Has.Contains(Register.Registration.Destination) && !Untold.Any();
}

/// <summary>
/// All that one voter knows of one container. Invariants: <see cref="Lowest"/> never goes down and is kept for ever; at most one register is open, and its
/// fence is not below <see cref="Lowest"/>; what was promised or accepted is never taken back while the register is open; none is open while one is unsettled.
/// </summary>
/// <param name="Container">The container.</param>
/// <param name="Lowest">Lowest fence that may be begun.</param>
/// <param name="Owner">Owner of the epoch of <paramref name="Lowest"/>, null when the name is free.</param>
/// <param name="Open">The open register.</param>
/// <param name="Kept">Verdicts that a party may still ask for.</param>
/// <param name="Resolving">The register that the operator decides.</param>
public sealed record ContainerBallots(
    ContainerName Container, Fence Lowest, HostName? Owner, OpenRegister? Open, ImmutableArray<KeptVerdict> Kept, ResolvingRegister? Resolving = null)
{
    /// <summary>
    /// Registers that other voters had open when this one was admitted without its memory. It may have promised anything in them, so it abstains; any of them may have
    /// decided, so it opens no other one before it knows what became of them. That a creator has withdrawn one says nothing here: it may have proposed before, and not know it any more.
    /// </summary>
    public ImmutableArray<RegisterId> Unsettled { get; init; } = [];

    /// <summary>What must be known to whoever takes this voter's place: the registers whose verdict it does not know.</summary>
    public IEnumerable<RegisterId> Undecided => Open is null ? Unsettled : Unsettled.Prepend(Open.Id);

    /// <summary>Of a name that a voter hears for the first time.</summary>
    public static ContainerBallots Fresh(ContainerName container) => new(container, new Fence(0, 1), null, null, []);

    /// <summary>The next state; the only way a state changes.</summary>
    public ContainerBallots Apply(VoterRecord record) => record switch
    {
        VoterRecord.Snapshot s => s.State,
        VoterRecord.Opened o => this with { Open = new OpenRegister(o.Registration) },
        VoterRecord.Promise p when Open?.Id == p.Register => this with { Open = Open with { Promised = p.Ballot } },
        VoterRecord.Vote v when Open?.Id == v.Register => this with
        {
            Open = Open with { Promised = v.Ballot, AcceptedBallot = v.Ballot, AcceptedValue = v.Value, AcceptedToken = v.Token },
        },
        VoterRecord.Closed c => Close(c.Register),
        VoterRecord.Acknowledged a => this with
        {
            Kept = [.. Kept.Select(k => k.Register.Registration.Register == a.Register ? k with { Has = k.Has.Add(a.Party) } : k).Where(k => !k.IsKnownToAll)],
        },
        VoterRecord.Told t => this with
        {
            Kept = [.. Kept.Select(k => k.Register.Registration.Register == t.Register ? k with { Told = k.Told.Add(t.Host) } : k).Where(k => !k.IsKnownToAll)],
        },
        VoterRecord.GenerationPromised p => this with
        {
            Resolving = Resolving?.Registration.Register == p.Registration.Register ? Resolving with { Generation = p.Generation } : new(p.Registration, p.Generation),
        },
        VoterRecord.ResolutionConsented c when Resolving?.Registration.Register == c.Resolution.Register => this with { Resolving = Resolving with { Consented = c.Resolution } },
        VoterRecord.Withdrawn w when Open?.Id == w.Register => this with { Open = null },
        VoterRecord.Released r => this with { Lowest = new Fence(r.Epoch + 1, 1), Owner = null },
        _ => this,
    };

    private static bool IsOf(ClosedRegister closed, KeptVerdict kept) => kept.Register.Registration.Register == closed.Registration.Register;

    private ContainerBallots Close(ClosedRegister closed)
    {
        var raised = closed.Next > Lowest;
        return this with
        {
            Lowest = raised ? closed.Next : Lowest,
            Owner = raised ? closed.NextOwner : Owner,
            Open = Open is not null && Open.Id.Fence < closed.Next ? null : Open,
            Resolving = Resolving is not null && Resolving.Registration.Register.Fence < closed.Next ? null : Resolving,
            Unsettled = Unsettled.RemoveAll(u => u.Fence < closed.Next),
            Kept = Kept.Any(k => IsOf(closed, k) && k.Register.Certificate.Generation >= closed.Certificate.Generation)
                ? Kept
                : [.. Kept.Where(k => !IsOf(closed, k)), new KeptVerdict(closed with { Registration = closed.Registration with { Previous = [] } }, [])],
        };
    }
}
