using System.Collections.Immutable;
using ActorMigration.Contracts;
using ActorMigration.Contracts.Trust;
using ActorMigration.Simulator;
using static ActorMigration.Actors.Tests.Migrations.StepValues;

namespace ActorMigration.Actors.Tests.Migrations;

/// <summary>What the source does with every event in every state; source-steps.txt has it in words.</summary>
public sealed class SourceStepsSpec
{
    private static readonly MigrationPolicy Policy = MigrationPolicy.Default with { MaxRounds = 3 };

    private readonly StepWords _words = new(This, At, Start);
    private readonly Registration _registration;
    private readonly VerdictCertificate _dest;
    private readonly VerdictCertificate _source;
    private readonly FrozenCopy _copy;
    private readonly HandOverToken _token;
    private readonly SourceSurvey _survey;
    private readonly JournalEntry.Begun _begun;
    private readonly List<(string, AttemptEvent)> _catalogue = [];
    private DateTimeOffset _now;

    public SourceStepsSpec()
    {
        _registration = _words.Named("registration", RegistrationOf(This, At));
        _dest = _words.Named("DEST", Certificate(_registration, Verdict.Dest, 1, 2));
        _source = _words.Named("SOURCE", Certificate(_registration, Verdict.Source, 0, 2));
        _survey = _words.Named("survey", Survey());
        var manifest = _words.Named("manifest", ManifestOf());
        _copy = _words.Named("copy", new FrozenCopy(manifest, 7, 700, [new NamedSpan("skeleton", 9)], new FrozenDigest("d", 7)));
        _token = _words.Named("token", TokenOf(manifest));
        _begun = new JournalEntry.Begun(AttemptRole.Source, _registration, Start.ToUnixTimeMilliseconds());
        FillCatalogue();
    }

    [Fact]
    public void The_source_does_what_its_table_says()
    {
        var table = new StepTable<SourceMigration>(_words, Start, Step, Show, static s => s.Details(), _catalogue);

        WalkToTheVerdict(table);
        WalkFromGivingUpInTheStop(table);
        WalkFromGivingUpBefore(table);
        WalkFromTheJournal(table);

        table.AssertIs("source-steps.txt");
    }

    private (SourceMigration Next, ImmutableArray<AttemptAction> Actions) Step(SourceMigration side, AttemptEvent e, DateTimeOffset now)
    {
        _now = now;
        return side.Step(e, now);
    }

    private static string Show(SourceMigration s)
        => $"{s.State}{(s.Busy == AttemptCall.None ? "" : $" calling {s.Busy}")}{(s.IsProposing ? " proposing" : "")}{(s.Certificate is { } c ? $" {c.Value}" : "")}{(s.Failure == MigrationFailure.None ? "" : $" ({s.Failure})")}";

    private void WalkToTheVerdict(StepTable<SourceMigration> table)
    {
        table.Walk(
            "moved",
            New(),
            [
                new AttemptEvent.Started(), Floor(A, At), .. ToAgreedStop(),
                Round(2, 1), Journaled(new JournalEntry.Frozen(This)), Done(AttemptCall.Freeze), Done(AttemptCall.Unplug), Got(new AddressClaimed(This, At)),
                new AttemptEvent.FrozenCopied(_copy), new AttemptEvent.HandOverSigned(_token), Got(new AtGate(This, At, new GateReport(5, [new NamedSpan("restore", 8)]))),
                new AttemptEvent.VerdictLearned(_dest), Journaled(new JournalEntry.VerdictLearned(This, _dest)), Done(AttemptCall.Kill),
                Got(new Running(This, At, 3)), Done(AttemptCall.Clean), Journaled(new JournalEntry.Ended(New().Details())),
            ]);
        table.Walk("its tree was lost on the other side", InStop(_token), new AttemptEvent.VerdictLearned(_dest), Journaled(new JournalEntry.VerdictLearned(This, _dest)), Done(AttemptCall.Kill), Got(new TreeLost(This, At, "it died")), Failed(AttemptCall.Clean), Fired(AttemptTimer.Retry), Done(AttemptCall.Clean));
        table.Walk(
            "the word that it runs comes before the kill is done, and the disk fails", InStop(_token), Got(new VerdictReached(This, At, _dest)), Got(new Running(This, At, 3)), Got(new Filled(This, At, new FillReport(1, 1, TimeSpan.FromSeconds(1)))),
            Failed(new JournalEntry.VerdictLearned(This, _dest)), Failed(AttemptCall.Kill), Fired(AttemptTimer.Retry), Done(AttemptCall.Kill));
        table.Walk("the call that was out ends the wait for a verdict that is known", InStop(null), new AttemptEvent.CancelRequested(), new AttemptEvent.VerdictLearned(_dest), Failed(AttemptCall.SignHandOver));
    }

    private void WalkFromGivingUpInTheStop(StepTable<SourceMigration> table)
    {
        table.Walk(
            "given back", InStop(_token), new AttemptEvent.CancelRequested(), new AttemptEvent.VerdictLearned(_source), Journaled(new JournalEntry.VerdictLearned(This, _source)),
            Failed(AttemptCall.PlugAndThaw), Fired(AttemptTimer.Retry), Done(AttemptCall.PlugAndThaw), Done(AttemptCall.Clean));
        var agreed = Walked(Floor(A, At), [.. ToAgreedStop(), Round(2, 1)]);
        table.Walk("FROZEN could not be written", agreed, Failed(new JournalEntry.Frozen(This)));
        table.Walk("cancelled while FROZEN is on its way", agreed, new AttemptEvent.CancelRequested(), Journaled(new JournalEntry.Frozen(This)), new AttemptEvent.VerdictLearned(_source));
        var copying = Walked(Floor(A, At), [.. ToAgreedStop(), Round(2, 1), Journaled(new JournalEntry.Frozen(This)), Done(AttemptCall.Freeze), Done(AttemptCall.Unplug)]);
        table.Walk("refused during the copy", copying, Got(new MigrationRefused(This, At, Phase.StopAndCopy, MigrationFailure.RestoreFailed, "no")), new AttemptEvent.VerdictLearned(_source), Failed(AttemptCall.CopyFrozen));
        table.Walk("the other side's verdict ends the copy", copying, Got(new VerdictReached(This, At, _source)), new AttemptEvent.FrozenCopied(_copy));
        table.Walk("evidence as old as it may be at the hand-over", copying, new Later(MaxAgeSeconds - SecondsSinceTheChallenge, new AttemptEvent.FrozenCopied(_copy)));
        table.Walk("evidence too old at the hand-over", copying, new Later(MaxAgeSeconds - SecondsSinceTheChallenge + 1, new AttemptEvent.FrozenCopied(_copy)));
    }

    private void WalkFromGivingUpBefore(StepTable<SourceMigration> table)
    {
        var copying = Walked(Floor(A, At), [.. ToCopying(), Round(0, 100_000)]);
        table.Walk(
            "three questions without an answer", Walked(Floor(A, At), ToCopying()[..^1]), Done(AttemptCall.Connect), Fired(AttemptTimer.Patience), Fired(AttemptTimer.Patience), Got(new AttemptGoesOn(This, At)),
            Fired(AttemptTimer.Patience), Fired(AttemptTimer.Patience), Fired(AttemptTimer.Patience));
        table.Walk(
            "given up in a round", copying, new AttemptEvent.CancelRequested(), Done(AttemptCall.RunRound), Failed(AttemptCall.Clean), Fired(AttemptTimer.Retry),
            Done(AttemptCall.Clean), new AttemptEvent.VerdictLearned(_source), Journaled(new JournalEntry.VerdictLearned(This, _source)));
        table.Walk("given up in a round that fails", copying, new AttemptEvent.CancelRequested(), Failed(AttemptCall.RunRound));
        table.Walk("the stop was agreed upon just in time", Walked(Floor(A, At), ToAgreedStop()), new Later(HalfAgeSeconds - SecondsToConsent, Round(2, 1)));
        table.Walk("the stop was agreed upon too long ago", Walked(Floor(A, At), ToAgreedStop()), new Later(HalfAgeSeconds - SecondsToConsent + 1, Round(2, 1)), Round(3, 1));
        table.Walk("the stop is agreed upon between two rounds", Walked(Floor(A, At), [.. ToAgreedStop()[..^1]]), Round(2, 1), Got(new StopAgreed(This, At)));
        table.Walk("rounds without an end", copying, Round(1, 100_000), Round(2, 100_000));
        table.Walk("rounds without an end, by force", Walked(New() with { Policy = Policy with { Force = true } }, Floor(A, At), [.. ToCopying(), Round(0, 100_000), Round(1, 100_000)]), Round(2, 100_000));
        table.Walk("refused before BEGIN", Walked(Floor(A, At), []), Got(new MigrationRefused(This, At, Phase.Attest, MigrationFailure.NoRoom, "no")), Failed(AttemptCall.Survey), Done(AttemptCall.Clean));
        table.Walk("not the owner", Walked(null, []), Floor(B, At));
        var begun = RegistrationOf(OtherAttempt, At with { Ordinal = 1 });
        var previous = _words.Named("the register before", new ClosedRegister(begun, Certificate(begun, Verdict.Source, 0, 1)));
        table.Walk("the verdict before is newer than the voters' floor", New() with { LastClosed = previous }, new AttemptEvent.Started(), Floor(B, At with { Ordinal = 1 }));
        table.Walk(
            "the verdict before is shown to the voters", New() with { LastClosed = previous },
            [new AttemptEvent.Started(), Floor(A, At), .. ToCopying()[..6]]);
        table.Walk(
            "the verdict before is older than the voters' floor", New() with { LastClosed = previous },
            [new AttemptEvent.Started(), Floor(A, new Fence(1, 3)), new AttemptEvent.Surveyed(_survey, SourceKey)]);
    }

    private void WalkFromTheJournal(StepTable<SourceMigration> table)
    {
        table.Walk("taken up before the freeze", New().Recovered(new OpenAttempt(_begun)), new AttemptEvent.Started(), Done(AttemptCall.Clean));
        table.Walk("taken up frozen", New().Recovered(new OpenAttempt(_begun, Frozen: true)), new AttemptEvent.Started(), new AttemptEvent.VerdictLearned(_source), Journaled(new JournalEntry.VerdictLearned(This, _source)));
        table.Walk("taken up with SOURCE", New().Recovered(new OpenAttempt(_begun, Frozen: true, Certificate: _source)), new AttemptEvent.Started());
        table.Walk("taken up with SOURCE, never frozen", New().Recovered(new OpenAttempt(_begun, Certificate: _source)), new AttemptEvent.Started());
        table.Walk("taken up with DEST", New().Recovered(new OpenAttempt(_begun, Frozen: true, Certificate: _dest)), new AttemptEvent.Started());
    }

    private const int MaxAgeSeconds = 30;
    private const int HalfAgeSeconds = 15;

    /// <summary>From the round after which fresh evidence is asked for to the end of <see cref="AttemptCall.Unplug"/>, a second for each step.</summary>
    private const int SecondsSinceTheChallenge = 8;

    /// <summary>From the same round to the destination's consent.</summary>
    private const int SecondsToConsent = 4;

    private SourceMigration New() => new()
    {
        Attempt = This,
        Container = Container,
        Self = A,
        Destination = B,
        Policy = Policy,
        Times = Times,
        Keys = FakeKeys.Instance,
        NewNonce = () => NonceAt(_now),
        PolicyDigest = Digest(0xa0),
    };

    private SourceMigration Walked(AttemptEvent? floor, AttemptEvent[] path) => Walked(New(), floor, path);

    private SourceMigration Walked(SourceMigration side, AttemptEvent? floor, AttemptEvent[] path)
    {
        // The last event comes at the start of the table, each one before it a second earlier.
        AttemptEvent[] all = [new AttemptEvent.Started(), .. floor is null ? [] : new AttemptEvent[] { floor }, .. path];
        for (var i = 0; i < all.Length; i++)
        {
            side = Step(side, all[i], Start.AddSeconds(i + 1 - all.Length)).Next;
        }

        return side;
    }

    /// <summary>In the stop with the token out, or with the call out that signs it.</summary>
    private SourceMigration InStop(HandOverToken? token)
        => Walked(Floor(A, At),
            [
                .. ToAgreedStop(), Round(2, 1), Journaled(new JournalEntry.Frozen(This)), Done(AttemptCall.Freeze), Done(AttemptCall.Unplug), new AttemptEvent.FrozenCopied(_copy),
                .. token is null ? [] : new AttemptEvent[] { new AttemptEvent.HandOverSigned(token) },
            ]);

    private AttemptEvent[] ToCopying() =>
    [
        new AttemptEvent.Surveyed(_survey, SourceKey), Got(Attested()), new AttemptEvent.EvidenceChecked(""), new AttemptEvent.QuoteMade(EvidenceOf(0x5e)),
        Got(new EvidenceAccepted(This, At)), Journaled(_begun), new AttemptEvent.RegisterAnswered(MigrationFailure.None, ""),
        Got(new ResourcesPrepared(This, At, Endpoint(DestinationKey))), Done(AttemptCall.Connect),
    ];

    private AttemptEvent[] ToAgreedStop() =>
    [
        .. ToCopying(), Round(0, 100_000), Round(1, 10), Got(new ReadyForStop(This, At, Digest(0xb2), EvidenceOf(0xe2))), new AttemptEvent.EvidenceChecked(""),
        new AttemptEvent.QuoteMade(EvidenceOf(0x5f)), Got(new StopAgreed(This, At)),
    ];

    private void FillCatalogue()
    {
        Add("Started", new AttemptEvent.Started());
        Add("Cancel", new AttemptEvent.CancelRequested());
        Add("StreamFailed", new AttemptEvent.StreamFailed("broken"));
        foreach (var call in Enum.GetValues<AttemptCall>().Where(c => c != AttemptCall.None))
        {
            Add($"Done {call}", Done(call));
            Add($"Failed {call}", Failed(call));
        }

        Add("Surveyed", new AttemptEvent.Surveyed(_survey, SourceKey));
        Add("Round of few", Round(9, 1));
        Add("Round of many", Round(9, 100_000));
        Add("FrozenCopied", new AttemptEvent.FrozenCopied(_copy));
        Add("HandOverSigned", new AttemptEvent.HandOverSigned(_token));
        Add("Floor of a", Floor(A, At));
        Add("Floor of b", Floor(B, At));
        Add("Floor of nobody", new AttemptEvent.FloorRead(new FloorReading(At, null, null, Voters)));
        Add("Floor unknown", new AttemptEvent.FloorRead(null));
        Add("Register opened", new AttemptEvent.RegisterAnswered(MigrationFailure.None, ""));
        Add("Register refused", new AttemptEvent.RegisterAnswered(MigrationFailure.NoMajority, "no majority"));
        Add("QuoteMade", new AttemptEvent.QuoteMade(EvidenceOf(0x5e)));
        Add("QuoteFailed", new AttemptEvent.QuoteFailed("no TPM"));
        Add("Evidence accepted", new AttemptEvent.EvidenceChecked(""));
        Add("Evidence rejected", new AttemptEvent.EvidenceChecked("PCR 7"));
        Add("PromisesHeld", new AttemptEvent.PromisesHeld());
        foreach (var entry in (JournalEntry[])[
            _begun, new JournalEntry.Frozen(This), new JournalEntry.Proposed(This, Verdict.Source), new JournalEntry.VerdictLearned(This, _dest), new JournalEntry.Ended(New().Details())])
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
    }

    private void AddMessages()
    {
        var nonce = Digest(0xb1);
        Add("DestinationAttested", Got(Attested()));
        Add("DestinationAttested with a short nonce", Got(Attested() with { Nonce = [1] }));
        Add("DestinationAttested with a short key", Got(Attested() with { KeyDigest = [1] }));
        Add("DestinationAttested with a short policy", Got(Attested() with { PolicyDigest = [1] }));
        Add("EvidenceAccepted", Got(new EvidenceAccepted(This, At)));
        Add("ResourcesPrepared", Got(new ResourcesPrepared(This, At, Endpoint(DestinationKey))));
        Add("ResourcesPrepared with another key", Got(new ResourcesPrepared(This, At, Endpoint(SourceKey))));
        Add("ReadyForStop", Got(new ReadyForStop(This, At, nonce, EvidenceOf(0xe1))));
        Add("ReadyForStop with a short nonce", Got(new ReadyForStop(This, At, [1], EvidenceOf(0xe1))));
        Add("StopAgreed", Got(new StopAgreed(This, At)));
        Add("AddressClaimed", Got(new AddressClaimed(This, At)));
        Add("AtGate", Got(new AtGate(This, At, new GateReport(5, []))));
        Add("Running", Got(new Running(This, At, 3)));
        Add("Filled", Got(new Filled(This, At, new FillReport(1, 1, TimeSpan.FromSeconds(1)))));
        Add("TreeLost", Got(new TreeLost(This, At, "it died")));
        Add("DestinationCleaned", Got(new DestinationCleaned(This, At)));
        Add("MigrationRefused", Got(new MigrationRefused(This, At, Phase.StopAndCopy, MigrationFailure.NoRoom, "no room")));
        Add("AttemptUnknown", Got(new AttemptUnknown(This, At)));
        Add("AttemptGoesOn", Got(new AttemptGoesOn(This, At)));
        Add("AskAttempt", Got(new AskAttempt(This, At)));
        Add("AskAttempt of another attempt", Got(new AskAttempt(OtherAttempt, At)));
        Add("AskAttempt of another fence", Got(new AskAttempt(This, At with { Ordinal = 7 })));
    }

    private void Add(string name, AttemptEvent e) => _catalogue.Add((name, e));

    private static DestinationAttested Attested() => new(This, At, Digest(0xb1), DestinationKey, Digest(0xb0), EvidenceOf(0xe1));

    private static DataEndpoint Endpoint(byte[] key) => new("10.0.0.2", 7000, key, []);

    private static AttemptEvent.FloorRead Floor(HostName owner, Fence next) => new AttemptEvent.FloorRead(new FloorReading(next, owner, null, Voters));

    private static AttemptEvent.RoundDone Round(int round, long pages)
        => new AttemptEvent.RoundDone(new RoundReport(round, pages, 0, Math.Max(pages * 4096, 2 << 20), 0, 0, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1)));
}
