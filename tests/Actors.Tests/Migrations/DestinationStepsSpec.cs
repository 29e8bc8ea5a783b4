using System.Collections.Immutable;
using ActorMigration.Contracts;
using ActorMigration.Simulator;
using static ActorMigration.Actors.Tests.Migrations.StepValues;

namespace ActorMigration.Actors.Tests.Migrations;

/// <summary>What the destination does with every event in every state; destination-steps.txt has it in words.</summary>
public sealed class DestinationStepsSpec
{
    private readonly StepWords _words = new(This, At, Start);
    private readonly Registration _registration;
    private readonly VerdictCertificate _dest;
    private readonly VerdictCertificate _source;
    private readonly Manifest _manifest;
    private readonly HandOverToken _token;
    private readonly PrepareOrder _order;
    private readonly JournalEntry.Begun _begun;
    private readonly List<(string, AttemptEvent)> _catalogue = [];
    private DateTimeOffset _now;

    public DestinationStepsSpec()
    {
        _registration = _words.Named("registration", RegistrationOf(This, At));
        _dest = _words.Named("DEST", Certificate(_registration, Verdict.Dest, 1, 2));
        _source = _words.Named("SOURCE", Certificate(_registration, Verdict.Source, 0, 2));
        _manifest = _words.Named("manifest", ManifestOf());
        _token = _words.Named("token", TokenOf(_manifest));
        _order = _words.Named("order", new PrepareOrder(Survey(), A));
        _begun = new JournalEntry.Begun(AttemptRole.Destination, _registration, Start.ToUnixTimeMilliseconds());
        FillCatalogue();
    }

    [Fact]
    public void The_destination_does_what_its_table_says()
    {
        var table = new StepTable<DestinationMigration>(_words, Start, Step, Show, static s => s.Details(), _catalogue);

        WalkToTheVerdict(table);
        WalkFromGivingUp(table);
        WalkFromTheJournal(table);

        table.AssertIs("destination-steps.txt");
    }

    [Theory]
    [InlineData(12.5, 12.5)]
    [InlineData(double.NaN, 0)]
    [InlineData(double.NegativeInfinity, 0)]
    [InlineData(-3, 0)]
    public void What_the_source_says_it_measured_is_remembered_when_it_is_a_number(double said, double remembered)
        => Assert.Equal(remembered, Walked([.. ToReceiving(), Got(new StopImminent(This, At, Digest(0x54), said))]).Details().DirtyPagesPerSecond);

    private (DestinationMigration Next, ImmutableArray<AttemptAction> Actions) Step(DestinationMigration side, AttemptEvent e, DateTimeOffset now)
    {
        _now = now;
        return side.Step(e, now);
    }

    private static string Show(DestinationMigration s)
        => $"{s.State}{(s.Busy == AttemptCall.None ? "" : $" calling {s.Busy}")}{(s.Certificate is { } c ? $" {c.Value}" : "")}{(s.Failure == MigrationFailure.None ? "" : $" ({s.Failure})")}";

    private void WalkToTheVerdict(StepTable<DestinationMigration> table)
    {
        table.Walk(
            "moved",
            Offered(),
            [
                .. ToGate(), Journaled(new JournalEntry.Prepared(This, "boot", 5, _token)), new AttemptEvent.TreeLooked(true), Journaled(new JournalEntry.Proposed(This, Verdict.Dest)),
                new AttemptEvent.TreeLooked(true), new AttemptEvent.VerdictLearned(_dest), Journaled(new JournalEntry.VerdictLearned(This, _dest)), Failed(AttemptCall.OpenGate), Fired(AttemptTimer.Retry),
                Done(AttemptCall.OpenGate), Failed(AttemptCall.AwaitFill), Fired(AttemptTimer.Retry), new AttemptEvent.FillDone(new FillReport(3, 2, TimeSpan.FromSeconds(1))),
                Failed(AttemptCall.Clean), Fired(AttemptTimer.Retry), Done(AttemptCall.Clean), Journaled(new JournalEntry.Ended(Offered().Details())),
            ]);
        table.Walk(
            "the address is claimed first", Walked(ToConsent()), Got(new ClaimAddress(This, At)), Done(AttemptCall.ClaimAddress), Got(new ClaimAddress(This, At)), Got(new HandOver(This, At, _manifest, _token)));
        table.Walk("the hand-over comes while the address is claimed", Walked(ToConsent()), Got(new ClaimAddress(This, At)), Got(new HandOver(This, At, _manifest, _token)), Done(AttemptCall.ClaimAddress));
        table.Walk("the promises are there before the quote", Walked(ToReceiving()), Got(new StopImminent(This, At, Digest(0xb5), 0)), new AttemptEvent.PromisesHeld(), new AttemptEvent.QuoteMade(EvidenceOf(0xd5)));
        table.Walk("the promises are there before they are asked for", Walked(ToReceiving()), new AttemptEvent.PromisesHeld(), Got(new StopImminent(This, At, Digest(0xb7), 0)), new AttemptEvent.QuoteMade(EvidenceOf(0xd7)));
        table.Walk("the stop is put off", Walked(ToConsent()), Got(new StopImminent(This, At, Digest(0xb6), 0)), new AttemptEvent.QuoteMade(EvidenceOf(0xd6)));
        table.Walk(
            "three questions without an answer", Walked(ToReceiving()[..^1]), ToReceiving()[^1], Fired(AttemptTimer.Patience), Fired(AttemptTimer.Patience), Got(new AttemptGoesOn(This, At)),
            Fired(AttemptTimer.Patience), Fired(AttemptTimer.Patience), Fired(AttemptTimer.Patience));
        table.Walk("the verdict is learned while PROPOSED is on its way", Proposing(), new AttemptEvent.VerdictLearned(_source), Failed(new JournalEntry.VerdictLearned(This, _source)));
        table.Walk("PROPOSED could not be written", Proposing(), Failed(new JournalEntry.Proposed(This, Verdict.Dest)), Fired(AttemptTimer.Retry));
    }

    private void WalkFromGivingUp(StepTable<DestinationMigration> table)
    {
        var deciding = Step(Proposing(), Journaled(new JournalEntry.Proposed(This, Verdict.Dest)), Start).Next;
        table.Walk(
            "the tree died after PROPOSED", deciding, new AttemptEvent.TreeLooked(false), new AttemptEvent.TreeLooked(true), new AttemptEvent.VerdictLearned(_source),
            Journaled(new JournalEntry.VerdictLearned(This, _source)));
        table.Walk(
            "neither PREPARED nor NEVER could be written, and SOURCE comes: acknowledged when the end is on the disk",
            Walked([.. ToGate(), Failed(new JournalEntry.Prepared(This, "boot", 5, _token)), Failed(new JournalEntry.Never(This))]),
            Got(new VerdictReached(This, At, _source)), Done(AttemptCall.KillGated), Done(AttemptCall.Clean), Journaled(new JournalEntry.Ended(Offered().Details())));
        table.Walk(
            "SOURCE after a proposal", deciding, new AttemptEvent.TreeLooked(true), Fired(AttemptTimer.Resend), new AttemptEvent.TreeLooked(true), Got(new VerdictReached(This, At, _source)),
            Journaled(new JournalEntry.VerdictLearned(This, _source)), Failed(AttemptCall.KillGated), Fired(AttemptTimer.Retry), Done(AttemptCall.KillGated), Failed(AttemptCall.Clean), Fired(AttemptTimer.Retry),
            Done(AttemptCall.Clean));
        table.Walk(
            "the tree died after DEST", deciding, new AttemptEvent.VerdictLearned(_dest), Journaled(new JournalEntry.VerdictLearned(This, _dest)), Failed(AttemptCall.OpenGate, MigrationFailure.ContainerLost),
            Done(AttemptCall.KillGated), Failed(AttemptCall.Clean), Fired(AttemptTimer.Retry), Done(AttemptCall.Clean));
        table.Walk(
            "the tree died after DEST, and the disk fails", deciding, new AttemptEvent.VerdictLearned(_dest), Failed(new JournalEntry.VerdictLearned(This, _dest)));
        table.Walk(
            "given up before BEGIN", Walked([]), Got(new AbortAttempt(This, At, MigrationFailure.Cancelled, "no")), Done(AttemptCall.Clean), Failed(new JournalEntry.Ended(Offered().Details())));
        table.Walk(
            "given up while it prepares", Walked(ToPreparing()), Got(new AbortAttempt(This, At, MigrationFailure.Cancelled, "no")), Done(AttemptCall.Prepare), Journaled(new JournalEntry.Never(This)),
            Done(AttemptCall.KillGated), Done(AttemptCall.Clean));
        table.Walk(
            "given up while it prepares, which fails", Walked(ToPreparing()), Got(new AbortAttempt(This, At, MigrationFailure.Cancelled, "no")), Failed(AttemptCall.Prepare), Failed(new JournalEntry.Never(This)));
        table.Walk("BEGIN could not be written", Walked(ToPreparing()[..^1]), Failed(_begun));
        table.Walk("SOURCE before the proposal", Walked(ToReceiving()), Got(new VerdictReached(This, At, _source)));
        table.Walk("an offer with a short nonce", New().Offered(Offer() with { Nonce = [1] }), new AttemptEvent.Started());
        table.Walk("an offer with a short key", New().Offered(Offer() with { KeyDigest = [1] }), new AttemptEvent.Started());
        table.Walk("an offer with a short policy", New().Offered(Offer() with { PolicyDigest = [1] }), new AttemptEvent.Started());
    }

    private void WalkFromTheJournal(StepTable<DestinationMigration> table)
    {
        var prepared = new JournalEntry.Prepared(This, "boot", 5, _token);
        table.Walk("taken up before the gate", New().Recovered(new OpenAttempt(_begun)), new AttemptEvent.Started(), Journaled(new JournalEntry.Never(This)));
        table.Walk("taken up at the gate", New().Recovered(new OpenAttempt(_begun, Prepared: prepared)), new AttemptEvent.Started(), new AttemptEvent.TreeLooked(true));
        table.Walk("taken up at the gate of another boot", New().Recovered(new OpenAttempt(_begun, Prepared: prepared with { BootId = "before" })), new AttemptEvent.Started());
        table.Walk("taken up after NEVER", New().Recovered(new OpenAttempt(_begun, Prepared: prepared, Never: true)), new AttemptEvent.Started());
        table.Walk("taken up after PROPOSED", New().Recovered(new OpenAttempt(_begun, Prepared: prepared, Proposed: Verdict.Dest)), new AttemptEvent.Started(), new AttemptEvent.TreeLooked(true));
        table.Walk("taken up with DEST", New().Recovered(new OpenAttempt(_begun, Prepared: prepared, Proposed: Verdict.Dest, Certificate: _dest)), new AttemptEvent.Started(), Done(AttemptCall.OpenGate));
        table.Walk("taken up with SOURCE", New().Recovered(new OpenAttempt(_begun, Prepared: prepared, Proposed: Verdict.Dest, Certificate: _source)), new AttemptEvent.Started());
    }

    private DestinationMigration New() => new()
    {
        Attempt = This,
        Container = Container,
        Fence = At,
        Self = B,
        Source = A,
        Times = Times,
        Keys = FakeKeys.Instance,
        TokenIsValid = static (token, digest) => token.Signature is [1] && token.SourceKey.AsSpan().SequenceEqual(digest),
        NewNonce = () => NonceAt(_now),
        PolicyDigest = Digest(0xb0),
        KeyDigest = DestinationKey,
        BootId = "boot",
    };

    private DestinationMigration Offered()
    {
        _now = Start;
        return New().Offered(Offer());
    }

    /// <summary>The last event comes at the start of the table, each one before it a second earlier.</summary>
    private DestinationMigration Walked(AttemptEvent[] path)
    {
        var side = Offered();
        for (var i = 0; i < path.Length; i++)
        {
            side = Step(side, path[i], Start.AddSeconds(i + 1 - path.Length)).Next;
        }

        return side;
    }

    private DestinationMigration Proposing()
        => Walked([.. ToGate(), Journaled(new JournalEntry.Prepared(This, "boot", 5, _token)), new AttemptEvent.TreeLooked(true)]);

    private AttemptEvent[] ToPreparing() =>
    [
        new AttemptEvent.Started(), new AttemptEvent.QuoteMade(EvidenceOf(0xde)), Got(new SourceAttested(This, At, EvidenceOf(0x5e))), new AttemptEvent.EvidenceChecked(""),
        Got(new PrepareResources(This, At, _order, _registration)), Journaled(_begun),
    ];

    private AttemptEvent[] ToReceiving() => [.. ToPreparing(), new AttemptEvent.ResourcesReady(Endpoint())];

    private AttemptEvent[] ToConsent() =>
    [
        .. ToReceiving(), Got(new StopImminent(This, At, Digest(0x52), 0)), new AttemptEvent.QuoteMade(EvidenceOf(0xdf)), new AttemptEvent.PromisesHeld(),
        Got(new SourceReattested(This, At, EvidenceOf(0x5f))), new AttemptEvent.EvidenceChecked(""),
    ];

    private AttemptEvent[] ToGate() =>
    [
        .. ToConsent(), Got(new HandOver(This, At, _manifest, _token)), Done(AttemptCall.ClaimAddress), new AttemptEvent.Gated(new GateReport(5, [new NamedSpan("restore", 8)])),
    ];

    private void FillCatalogue()
    {
        Add("Started", new AttemptEvent.Started());
        Add("Cancel", new AttemptEvent.CancelRequested());
        foreach (var call in Enum.GetValues<AttemptCall>().Where(c => c != AttemptCall.None))
        {
            Add($"Done {call}", Done(call));
            Add($"Failed {call}", Failed(call));
        }

        Add("Failed OpenGate, tree lost", Failed(AttemptCall.OpenGate, MigrationFailure.ContainerLost));
        Add("ResourcesReady", new AttemptEvent.ResourcesReady(Endpoint()));
        Add("Gated", new AttemptEvent.Gated(new GateReport(6, [])));
        Add("FillDone", new AttemptEvent.FillDone(new FillReport(1, 1, TimeSpan.FromSeconds(2))));
        Add("Tree alive", new AttemptEvent.TreeLooked(true));
        Add("Tree dead", new AttemptEvent.TreeLooked(false));
        Add("QuoteMade", new AttemptEvent.QuoteMade(EvidenceOf(0xde)));
        Add("QuoteFailed", new AttemptEvent.QuoteFailed("no TPM"));
        Add("Evidence accepted", new AttemptEvent.EvidenceChecked(""));
        Add("Evidence rejected", new AttemptEvent.EvidenceChecked("PCR 7"));
        Add("PromisesHeld", new AttemptEvent.PromisesHeld());
        foreach (var entry in (JournalEntry[])[
            _begun, new JournalEntry.Prepared(This, "boot", 5, _token), new JournalEntry.Proposed(This, Verdict.Dest), new JournalEntry.Never(This),
            new JournalEntry.VerdictLearned(This, _dest), new JournalEntry.Ended(Offered().Details())])
        {
            Add($"Journaled {entry.GetType().Name}", Journaled(entry));
            Add($"JournalFailed {entry.GetType().Name}", Failed(entry));
        }

        Add("DEST learned", new AttemptEvent.VerdictLearned(_dest));
        Add("SOURCE learned", new AttemptEvent.VerdictLearned(_source));
        Add("DEST of one voter learned", new AttemptEvent.VerdictLearned(Certificate(_registration, Verdict.Dest, 1)));
        Add("DEST told", Got(new VerdictReached(This, At, _dest)));
        foreach (var timer in Enum.GetValues<AttemptTimer>())
        {
            Add(timer.ToString(), new AttemptEvent.TimerFired(timer, 0));
        }

        AddMessages();
        AddOrders();
        AddHandOvers();
    }

    private void AddMessages()
    {
        Add("OfferMigration", Got(Offer()));
        Add("SourceAttested", Got(new SourceAttested(This, At, EvidenceOf(0x5e))));
        Add("StopImminent", Got(new StopImminent(This, At, Digest(0x53), 0)));
        Add("StopImminent again", Got(new StopImminent(This, At, Digest(0x52), 0)));
        Add("StopImminent with a short nonce", Got(new StopImminent(This, At, [1], 0)));
        Add("SourceReattested", Got(new SourceReattested(This, At, EvidenceOf(0x5f))));
        Add("ClaimAddress", Got(new ClaimAddress(This, At)));
        Add("SourceCleaned", Got(new SourceCleaned(This, At)));
        Add("AbortAttempt", Got(new AbortAttempt(This, At, MigrationFailure.Cancelled, "no")));
        Add("AttemptUnknown", Got(new AttemptUnknown(This, At)));
        Add("AttemptGoesOn", Got(new AttemptGoesOn(This, At)));
        Add("AskAttempt", Got(new AskAttempt(This, At)));
        Add("AskAttempt of another attempt", Got(new AskAttempt(OtherAttempt, At)));
        Add("AskAttempt of another fence", Got(new AskAttempt(This, At with { Ordinal = 7 })));
    }

    private void AddOrders()
    {
        void Order(string name, Registration registration) => Add($"PrepareResources{name}", Got(new PrepareResources(This, At, _order, registration)));
        Order("", _registration);
        Order(" of another fence", RegistrationOf(This, At with { Ordinal = 7 }));
        Order(" of a creation", Signed(A, _registration with { Kind = RegisterKind.Creation }));
        Order(" of another source", Signed(A, _registration with { Source = W }));
        Order(" to another destination", Signed(A, _registration with { Destination = W }));
        Order(" with another key", Signed(A, _registration with { SourceKeyDigest = DestinationKey }));
        Order(" with two voters", Signed(A, _registration with { Voters = Voters[..2] }));
        Order(" signed by another host", Signed(W, _registration));
    }

    private void AddHandOvers()
    {
        void HandOver(string name, HandOverToken token, Manifest? manifest = null) => Add($"HandOver{name}", Got(new HandOver(This, At, manifest ?? _manifest, token)));
        HandOver("", _token);
        HandOver(" of another manifest", _token, ManifestOf(0x70));
        HandOver(" for another destination", _token with { DestinationKey = SourceKey });
        HandOver(" of another attempt", _token with { Attempt = OtherAttempt });
        HandOver(" of another container", _token with { Container = new ContainerName("c2") });
        HandOver(" of another fence", _token with { Fence = At with { Ordinal = 7 } });
        HandOver(" with another signature", _token with { Signature = [2] });
    }

    private void Add(string name, AttemptEvent e) => _catalogue.Add((name, e));

    private static OfferMigration Offer() => new(This, At, Container, A, Digest(0x50), SourceKey, Digest(0xa0));

    private static DataEndpoint Endpoint() => new("10.0.0.2", 7000, DestinationKey, []);
}
