using System.Globalization;
using ActorMigration.Actors;
using ActorMigration.Contracts;
using ActorMigration.Host.Cli;

namespace ActorMigration.Host.Tests.Http;

/// <summary><c>amig migrate</c> and its relatives against a console that plays a migration.</summary>
public sealed class MigrateSpec
{
    private static readonly AttemptId Id = new(Guid.Parse("0123456789abcdef0123456789abcdef"));
    private static readonly AttemptId Other = new(Guid.Parse("0129999999abcdef0123456789abcdef"));

    private static readonly RegisterId Register = new(new ContainerName("redis"), new Fence(7, 2), Id);

    private static readonly AttemptDetails Begun = new(
        Id, new ContainerName("redis"), new Fence(7, 2), new HostName("h1"), new HostName("h2"), new HostName("h1"), Phase.Attest, "quotes", AttemptOutcome.Open, MigrationFailure.None, "",
        1_700_000_000_000, [new NamedSpan("Attest", 12)], [], 0, 0, [], 0, 0, 0, null);

    private static readonly AttemptDetails PreCopy = Begun with
    {
        Phase = Phase.PreCopy,
        Step = "round 1",
        Phases = [new NamedSpan("Attest", 31.2), new NamedSpan("PrepareResources", 80), new NamedSpan("PreCopy", 5100)],
        Rounds = [new RoundReport(0, 131_072, 4096, 537_000_000, 1024, 0, TimeSpan.FromSeconds(4.5), TimeSpan.Zero)],
        DirtyPagesPerSecond = 2560,
        PredictedStopMs = 417,
    };

    private static readonly AttemptDetails Committed = PreCopy with
    {
        Step = "Ended",
        Phase = Phase.Teardown,
        Outcome = AttemptOutcome.Committed,
        FrozenPages = 900,
        FrozenBytes = 3_700_000,
        StopSpans = [new NamedSpan("freeze", 3.5), new NamedSpan("skeleton", 130.25)],
        StopMs = 287.4,
    };

    private static readonly AttemptDetails Aborted = PreCopy with
    {
        Step = "Ended",
        Outcome = AttemptOutcome.Aborted,
        Failure = MigrationFailure.DoesNotConverge,
        Sentence = "The predicted stop stays at 417 ms, above its target of 300 ms.",
    };

    [Fact]
    public async Task Migrate_follows_the_attempt_line_by_line_and_ends_with_the_phases()
    {
        await using var api = await PlayAsync(Begun, PreCopy, Committed);

        var run = await api.RunAsync("migrate", "redis", "--to", "h2");

        Assert.Equal(ExitCode.Ok, run.Code);
        Assert.Equal(
            """
            redis h1 -> h2 | Attest               12 ms | quotes
            redis h1 -> h2 | PreCopy            5100 ms | round 1 | round 0 | 512 MiB sent | 10.0 MiB/s dirtied | predicted stop 417 ms
            redis h1 -> h2 | Teardown                   | round 0 | 512 MiB sent | 10.0 MiB/s dirtied | stopped 287 ms

            """,
            run.Error);
        Assert.Equal(
            """
            redis h1 -> h2 runs on h2 (stopped for 287 ms); migration 0123456789abcdef0123456789abcdef, epoch 7.2
            PHASE                 MS
            Attest              31.2
            PrepareResources    80.0
            PreCopy           5100.0

            ROUND    PAGES  ZERO    BYTES    FILES      MS
            0       131072  4096  512 MiB  1.0 KiB  4500.0
            frozen     900        3.5 MiB

            STOP         MS
            freeze      3.5
            skeleton  130.3
            """,
            ApiSpec.Trimmed(run.Out));
    }

    [Fact]
    public async Task An_aborted_attempt_says_why_and_where_the_container_is()
    {
        await using var api = await PlayAsync(Begun, Aborted);

        var run = await api.RunAsync("migrate", "redis", "--to", "h2");

        Assert.Equal(ExitCode.Aborted, run.Code);
        Assert.EndsWith("amig: The predicted stop stays at 417 ms, above its target of 300 ms.\n", run.Error, StringComparison.Ordinal);
        Assert.StartsWith("redis h1 -> h2 stays on h1: DoesNotConverge", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_wait_prints_the_id_and_returns()
    {
        await using var api = await PlayAsync(Begun);

        Assert.Equal((ExitCode.Ok, Id + "\n"), ((await api.RunAsync("migrate", "redis", "--to", "h2", "--no-wait")) is var run ? (run.Code, run.Out) : default));
    }

    [Theory]
    [InlineData(new string[0], 300, false, false)]
    [InlineData(new[] { "--target-downtime", "150", "--force" }, 150, true, false)]
    [InlineData(new[] { "--verify" }, 300, false, true)]
    public async Task The_policy_is_the_hosts_unless_the_operator_says_otherwise(string[] options, int downtime, bool force, bool verify)
    {
        MigrateContainer? seen = null;
        await using var api = await TestApi.StartAsync(command => (seen = command as MigrateContainer) is null ? null : new MigrationAccepted(Id));

        await api.RunAsync(["migrate", "redis", "--to", "h2", "--no-wait", .. options]);

        Assert.Equal(new MigrateContainer(new ContainerName("redis"), new HostName("h2"), new MigrationPolicy(downtime, 30, force, 30_000, 60_000, verify)), seen);
    }

    [Theory]
    [InlineData("0123", ExitCode.Ok, "")]
    [InlineData("redis", ExitCode.Ok, "")]
    [InlineData("012", ExitCode.Conflict, "2 migrations have an id that begins with '012'")]
    [InlineData("ff", ExitCode.NotFound, "No migration has an id that begins with 'ff'")]
    public async Task Show_takes_a_unique_beginning_or_a_container(string reference, ExitCode code, string sentence)
    {
        await using var api = await PlayAsync(Committed);

        var run = await api.RunAsync("migration", "show", reference);

        Assert.Equal(code, run.Code);
        Assert.Contains(sentence, run.Error, StringComparison.Ordinal);
        Assert.Equal(code == ExitCode.Ok, run.Out.Contains(Id.ToString(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Cancel_reaches_the_open_attempt_and_refuses_an_ended_one()
    {
        await using (var open = await PlayAsync(PreCopy))
        {
            Assert.Contains(Id.ToString(), (await open.RunAsync("cancel", "redis")).Out, StringComparison.Ordinal);
        }

        await using var ended = await PlayAsync(Committed);
        var run = await ended.RunAsync("cancel", "redis");
        Assert.Equal((ExitCode.Conflict, $"amig: Migration {Id} of redis has ended (Committed).\n"), (run.Code, run.Error));
    }

    [Fact]
    public async Task Migrations_lists_an_attempt_once_though_both_hosts_report_it_and_no_first_start()
    {
        var start = Committed with { Attempt = AttemptId.New(), Destination = Committed.Source };
        await using var api = await TestApi.StartAsync(_ => new MigrationsListed([Committed with { ReportedBy = new HostName("h2") }, Committed, start, Aborted with { Attempt = Other }]));

        Assert.Equal(
            """
            ID        CONTAINER  FROM  TO  PHASE     OUTCOME          STOP    STARTED
            01234567  redis      h1    h2  Teardown  Committed        287 ms  2023-11-14 22:13:20Z
            01299999  redis      h1    h2  PreCopy   DoesNotConverge  -       2023-11-14 22:13:20Z
            """,
            ApiSpec.Trimmed((await api.RunAsync("migrations")).Out));
    }

    [Theory]
    [InlineData("source", Verdict.Source, 2, false, "redis is given to host h1. Hosts that come back hear it before they act; see 'amig migration show {0}'.")]
    [InlineData("destination", Verdict.Dest, 1, false, "redis is given to host h2. Hosts that come back hear it before they act; see 'amig migration show {0}'.")]
    [InlineData("nobody", Verdict.Source, 1, true, "redis is lost; its name is host h1's to give back. See 'amig migration show {0}', then 'amig rm redis'.")]
    // What was decided before is said, whatever is wanted now.
    [InlineData("nobody", Verdict.Source, 1, false, "redis is given to host h1. Hosts that come back hear it before they act; see 'amig migration show {0}'.")]
    [InlineData("source", Verdict.Source, 1, true, "redis is lost; its name is host h1's to give back. See 'amig migration show {0}', then 'amig rm redis'.")]
    [InlineData("nobody", Verdict.Dest, 0, false, "The voters have given redis to host h2 already; see 'amig migration show {0}'.")]
    public async Task Resolve_hands_the_operators_word_on_and_says_what_the_verdict_is(string to, Verdict verdict, int generation, bool isLost, string says)
    {
        ResolveOrder? seen = null;
        await using var api = await TestApi.StartAsync(
            _ => new MigrationsListed([Begun]), resolve: order =>
            {
                seen = order;
                return new ResolveOutcome.Verdict(
                    new Registration(Register, RegisterKind.Migration, Begun.Source, Begun.Destination, [], [], [], []),
                    new VerdictCertificate(Register, verdict, [], generation == 0 ? null : new ResolvedBy(new Resolution(Register, generation, verdict, [], "root", "", 0, isLost), [])));
            });

        var run = await api.RunAsync("migration", "resolve", "redis", "--to", to, "--fenced", "h2", "--fenced", "h3", "--reason", "no power", "--yes");

        Assert.Equal((ExitCode.Ok, ""), (run.Code, run.Error));
        Assert.Equal(string.Format(CultureInfo.InvariantCulture, says, Id) + "\n", run.Out);
        Verdict? ordered = to switch { "source" => Verdict.Source, "destination" => Verdict.Dest, _ => null };
        Assert.Equal(("redis", ordered, "h2 h3", "no power"), (seen!.Reference, seen.Value, string.Join(' ', seen.Fenced), seen.Reason));
    }

    [Fact]
    public async Task Resolve_takes_no_other_side()
    {
        await using var api = await TestApi.StartAsync(_ => new MigrationsListed([Begun]), resolve: _ => throw new InvalidOperationException("it was carried out"));

        Assert.Equal(ExitCode.Usage, (await api.RunAsync("migration", "resolve", "redis", "--to", "h2", "--yes")).Code);
    }

    [Fact]
    public async Task Resolve_that_is_refused_is_a_conflict_and_says_why()
    {
        await using var api = await TestApi.StartAsync(_ => new MigrationsListed([Begun]), resolve: _ => new ResolveOutcome.Refused("No answer from h2."));

        var run = await api.RunAsync("migration", "resolve", "redis", "--to", "destination", "--yes");

        Assert.Equal((ExitCode.Conflict, "amig: No answer from h2.\n"), (run.Code, run.Error));
    }

    [Theory]
    [InlineData("h2 h3 off", true)]
    [InlineData("yes", false)]
    [InlineData("", false)]
    public async Task Resolve_asks_a_person_to_say_that_the_hosts_are_off(string typed, bool goesOn)
    {
        var asked = 0;
        await using var api = await TestApi.StartAsync(_ => new MigrationsListed([Begun]), resolve: _ =>
        {
            asked++;
            return new ResolveOutcome.Refused("No.");
        });
        using var output = new StringWriter();
        using var error = new StringWriter();
        using var input = new StringReader(typed + "\n");

        await AmigCommandLine.RunAsync(
            ["--socket", api.Socket, "migration", "resolve", "redis", "--to", "source", "--fenced", "h2", "--fenced", "h3"],
            new CliContext(new Terminal(output, error, true, 200, false, input), TimeProvider.System), CancellationToken.None);

        Assert.Contains("You say that these hosts are off: h2, h3.", error.ToString(), StringComparison.Ordinal);
        Assert.EndsWith(goesOn ? "amig: No.\n" : "amig: Nothing was done.\n", error.ToString(), StringComparison.Ordinal);
        Assert.Equal(goesOn ? 1 : 0, asked);
    }

    [Fact]
    public async Task A_daemon_that_ends_waits_for_nobody_who_follows_a_migration()
    {
        var api = await PlayAsync(Begun);
        var follows = api.RunAsync("migrate", "redis", "--to", "h2");
        while (!follows.IsCompleted && (await api.RunAsync("migrations")).Code != ExitCode.Ok)
        {
            await Task.Delay(50);
        }

        // Kestrel's own patience is 30 s, as long as systemd's with the whole daemon.
        await api.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(15));

        Assert.Equal(ExitCode.NoDaemon, (await follows).Code);
    }

    [Fact]
    public async Task Resolve_without_a_person_needs_yes()
    {
        await using var api = await TestApi.StartAsync(_ => new MigrationsListed([Begun]));

        var run = await api.RunAsync("migration", "resolve", "redis", "--to", "source");

        Assert.Equal(ExitCode.Usage, run.Code);
        Assert.Contains("--yes", run.Error, StringComparison.Ordinal);
    }

    /// <summary>A console whose attempt goes one step on at each look; a second, older attempt is there too.</summary>
    private static Task<TestApi> PlayAsync(params AttemptDetails[] steps)
    {
        var at = 0;
        var older = Aborted with { Attempt = Other, Container = new ContainerName("web"), StartedUnixMs = 1 };
        return TestApi.StartAsync(command => command switch
        {
            MigrateContainer => new MigrationAccepted(Id),
            ListMigrations => new MigrationsListed([steps[Math.Min(at, steps.Length - 1)], older]),
            ShowMigration show when show.Attempt == Id => steps[Math.Min(at++, steps.Length - 1)],
            CancelMigration cancel => new CancelAccepted(cancel.Attempt),
            _ => null,
        });
    }
}
