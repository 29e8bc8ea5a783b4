namespace ActorMigration.Contracts;

/// <summary>What may be asked of a voter, over its own mutual-TLS listener. The asking node is the one its certificate names.</summary>
public abstract record VoterRequest
{
    private VoterRequest()
    {
    }

    /// <summary>Any node: what is the lowest fence at which this container may be begun, and who owns it? Answer: <see cref="VoterReply.Floor"/>.</summary>
    public sealed record AskFloor(ContainerName Container) : VoterRequest;

    /// <summary>Source or destination: open this register. Answer: <see cref="VoterReply.Registered"/> or <see cref="VoterReply.BeginRefused"/>.</summary>
    public sealed record Begin(Registration Registration) : VoterRequest;

    /// <summary>A party of the register: promise to take nothing below this ballot. Answer: <see cref="VoterReply.Promised"/> or why not.</summary>
    public sealed record Prepare(RegisterId Register, Ballot Ballot) : VoterRequest;

    /// <summary>A party of the register: accept this value. DEST of a migration needs its token. Answer: <see cref="VoterReply.Accepted"/> or why not.</summary>
    /// <param name="Register">The register.</param>
    /// <param name="Ballot">Promised before.</param>
    /// <param name="Value">The value.</param>
    /// <param name="Token">The source's permission; null for SOURCE and for a creation.</param>
    public sealed record Accept(RegisterId Register, Ballot Ballot, Verdict Value, HandOverToken? Token) : VoterRequest;

    /// <summary>A party that has the verdict on its own disk: close the register. Answer: <see cref="VoterReply.Done"/>.</summary>
    public sealed record Learn(VerdictCertificate Certificate) : VoterRequest;

    /// <summary>The creator of a name, which has proposed nothing: give the name up to another creator. Answer: <see cref="VoterReply.Done"/> or <see cref="VoterReply.Refused"/>.</summary>
    public sealed record Withdraw(RegisterId Register) : VoterRequest;

    /// <summary>The owner, which has removed the container: free the name; the epoch is closed for ever. Answer: <see cref="VoterReply.Done"/> or <see cref="VoterReply.Refused"/>.</summary>
    public sealed record Release(ContainerName Container, long Epoch) : VoterRequest;

    /// <summary>
    /// On behalf of the operator, to every host that has a part in the register: promise to take nothing of a lower generation for its verdict, neither as a voter nor as the
    /// side that would carry it out. Answer: <see cref="VoterReply.ResolutionPromised"/>, the verdict that is known already, or why not.
    /// </summary>
    /// <param name="Registration">As it was begun.</param>
    /// <param name="Generation">Higher than any promised before.</param>
    /// <param name="Value">What the operator wants; a side that could not carry it out refuses.</param>
    /// <param name="IsLost">The operator takes the container for lost: it goes to the side of <paramref name="Value"/> by name only, and a side at which anything of it stands refuses.</param>
    public sealed record PrepareResolution(Registration Registration, int Generation, Verdict Value, bool IsLost) : VoterRequest;

    /// <summary>On behalf of the operator: take this for the verdict, once all others have. Answer: <see cref="VoterReply.Consented"/> or why not.</summary>
    public sealed record ConsentToResolution(Resolution Resolution) : VoterRequest;

    /// <summary>The operator's verdict, for a host that was off, or that did not hear how its consent was used. Answer: <see cref="VoterReply.Done"/>.</summary>
    public sealed record SpreadResolution(ClosedRegister Register) : VoterRequest;

    /// <summary>A host that starts, before it takes anything up: which operator's verdicts may it not have heard of? Answer: <see cref="VoterReply.Resolutions"/>.</summary>
    public sealed record AskResolutions : VoterRequest;

    /// <summary>On behalf of the operator, to both sides of a register, before anybody promises that its container is lost: does anything of it stand here? Changes nothing. Answer: <see cref="VoterReply.Done"/> when nothing does, or <see cref="VoterReply.Refused"/>.</summary>
    public sealed record AskWhetherLost(Registration Registration) : VoterRequest;

    /// <summary>
    /// Another voter that has no memory, and the operator: all that is known of the containers behind <paramref name="After"/> in the order of their names, as many as fit.
    /// Answer: <see cref="VoterReply.Memory"/>.
    /// </summary>
    /// <param name="After">The last container that the asker has; null for the first question.</param>
    public sealed record AskMemory(ContainerName? After) : VoterRequest;
}
