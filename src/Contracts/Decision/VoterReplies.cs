namespace ActorMigration.Contracts;

/// <summary>Why a voter does not open a register.</summary>
public enum BeginRefusal
{
    /// <summary>The fence is closed: what began there has ended.</summary>
    BelowFloor = 1,

    /// <summary>Another attempt of this container has not ended.</summary>
    OtherAttemptOpen,

    /// <summary>Somebody else owns the container.</summary>
    NotTheOwner,

    /// <summary>The voter cannot see why the fence would be next; the verdict before it is missing.</summary>
    ChainBroken,

    /// <summary>The voters are an even number, fewer than three, named twice, or this voter is not one of them.</summary>
    BadVoters,

    /// <summary>The registration names another state directory of this voter: its memory of this register may be lost.</summary>
    OtherIncarnation,

    /// <summary>Not signed by the source's node key, or the asking node is no party.</summary>
    NotGenuine,
}

/// <summary>Whether a voter votes.</summary>
public enum VoterStanding
{
    /// <summary>Its state directory is empty: it has never voted, or everything was lost.</summary>
    New = 1,

    /// <summary>It has voted, and its memory is not the newest, or its TPM has not said yet that it is.</summary>
    Waits,

    /// <summary>It votes.</summary>
    Votes,
}

/// <summary>What a voter knows of one container, without what it has promised.</summary>
/// <param name="Container">The container.</param>
/// <param name="Lowest">Lowest fence that may be begun; everything below is closed for ever.</param>
/// <param name="Owner">Owner of the epoch of <paramref name="Lowest"/>; null when the name is free.</param>
/// <param name="Unsettled">Registers that were begun, and whose verdict the voter does not know.</param>
public sealed record ContainerFloor(ContainerName Container, Fence Lowest, HostName? Owner, RegisterId[] Unsettled);

/// <summary>A voter's answer. What it says about its own state was on its disk before it was said.</summary>
public abstract record VoterReply
{
    private VoterReply()
    {
    }

    /// <summary>What the voter knows of a container.</summary>
    /// <param name="Voter">Who answers.</param>
    /// <param name="Incarnation">Its state directory.</param>
    /// <param name="Container">The container.</param>
    /// <param name="Lowest">Lowest fence that may be begun; everything below is closed for ever.</param>
    /// <param name="Owner">Owner of the epoch of <paramref name="Lowest"/>; null when the name is free.</param>
    /// <param name="Open">The register that is open, or null.</param>
    public sealed record Floor(HostName Voter, Guid Incarnation, ContainerName Container, Fence Lowest, HostName? Owner, RegisterId? Open) : VoterReply
    {
        /// <summary>Number of the set of voters that the voter is configured with: with another one it would refuse a BEGIN.</summary>
        public int Set { get; init; } = VoterSet.First;
    }

    /// <summary>The register is open at this voter.</summary>
    public sealed record Registered(HostName Voter, Guid Incarnation) : VoterReply;

    /// <summary>The register is not opened.</summary>
    public sealed record BeginRefused(HostName Voter, BeginRefusal Reason, string Sentence) : VoterReply;

    /// <summary>The promise, with what was accepted before; whoever got it must propose the value of the highest ballot among its promises.</summary>
    public sealed record Promised(HostName Voter, Ballot Ballot, Ballot? AcceptedBallot, Verdict? AcceptedValue, HandOverToken? AcceptedToken) : VoterReply;

    /// <summary>A higher ballot is promised; the asker chooses a ballot above it.</summary>
    public sealed record Outbid(HostName Voter, Ballot Highest) : VoterReply;

    /// <summary>The voter's signed word.</summary>
    public sealed record Accepted(SignedAccept Accept) : VoterReply;

    /// <summary>The register is closed; this is the proof.</summary>
    public sealed record Decided(VerdictCertificate Certificate) : VoterReply;

    /// <summary>The voter has never heard of the register; nothing is promised.</summary>
    public sealed record UnknownRegister(HostName Voter) : VoterReply;

    /// <summary>The register is closed, and both parties have said that the verdict is on their disks, so that it is no longer kept here.</summary>
    public sealed record Forgotten(HostName Voter) : VoterReply;

    /// <summary>The request is not allowed to this node or not in this state.</summary>
    public sealed record Refused(HostName Voter, string Sentence) : VoterReply;

    /// <summary>Done, or done before.</summary>
    public sealed record Done(HostName Voter) : VoterReply;

    /// <summary>The highest generation that this host has promised, that of the question or one that outbids it.</summary>
    /// <param name="Voter">Who answers.</param>
    /// <param name="Generation">That generation.</param>
    /// <param name="ConsentedTo">What it has consented to last; whoever asks must go on with the value of the highest.</param>
    public sealed record ResolutionPromised(HostName Voter, int Generation, Resolution? ConsentedTo) : VoterReply;

    /// <summary>The host's signed word.</summary>
    public sealed record Consented(SignedConsent Consent) : VoterReply;

    /// <summary>What a host that starts should know.</summary>
    /// <param name="Voter">Who answers.</param>
    /// <param name="IsMember">It is a member of the cluster: there is one to be joined.</param>
    /// <param name="Registers">Operator's verdicts that not every host has heard of, at most <see cref="VoterFrames.MaxResolutions"/>; the others are told without a question.</param>
    public sealed record Resolutions(HostName Voter, bool IsMember, ClosedRegister[] Registers) : VoterReply;

    /// <summary>What a voter knows, for one that has lost its memory.</summary>
    /// <param name="Voter">Who answers.</param>
    /// <param name="Incarnation">Its state directory.</param>
    /// <param name="Standing">Whether it votes. One that does not answers nothing else.</param>
    /// <param name="Founders">With whom it began when no voter knew anything; empty when it was admitted by voters that did.</param>
    /// <param name="Floors">Its containers, in the order of their names.</param>
    /// <param name="HasMore">Ask again, behind the last of them.</param>
    /// <param name="Set">The voters that it is configured with.</param>
    public sealed record Memory(
        HostName Voter, Guid Incarnation, VoterStanding Standing, RegisteredVoter[] Founders, ContainerFloor[] Floors, bool HasMore, VoterSet Set) : VoterReply;
}
