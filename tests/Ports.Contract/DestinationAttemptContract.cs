using ActorMigration.Contracts;

namespace ActorMigration.Ports.Contract;

/// <summary>What <see cref="Actors.IDestinationAttempt"/> promises its actor: not one instruction before the gate is opened, and nothing left after SOURCE.</summary>
public abstract class DestinationAttemptContract : PortContract
{
    /// <summary>More than any host has.</summary>
    private const long TooMuch = 1L << 50;

    protected override bool VerifiesMemory => true;

    [Fact]
    public async Task Prepare_makes_room_and_starts_nothing()
    {
        var attempt = Open();
        await attempt.PrepareAsync();

        Assert.Equal(attempt.Destination.KeyDigest, attempt.Endpoint.KeyDigest);
        Assert.False(attempt.Destination.GatedTreeIsAlive);
        Assert.False(B.Destinations.TreeWaits(attempt.Container, attempt.Fence));
        Assert.Null(await StateAsync(B, Spec.Name));
        Assert.NotEmpty(await B.RemainsAsync(attempt.Id, attempt.Container, attempt.Fence));
        var again = await attempt.Destination.PrepareAsync(await attempt.OrderAsync(), CancellationToken.None);
        Assert.Equal((attempt.Endpoint.Address, attempt.Endpoint.Port), (again.Address, again.Port));

        await attempt.Destination.CleanAsync(Verdict.Source);
        await attempt.Destination.CleanAsync(Verdict.Source);

        await AssertNothingLeftAsync(B, attempt);
    }

    [Fact]
    public async Task Prepare_refuses_by_name_and_leaves_nothing()
    {
        (MigrationFailure, Func<SourceSurvey, SourceSurvey>)[] bad =
        [
            (MigrationFailure.NoRoom, survey => survey with { MemoryBytes = TooMuch }),
            (MigrationFailure.NoRoom, survey => survey with { FilesBytes = TooMuch }),
            (MigrationFailure.Incompatible, survey => survey with { Platform = survey.Platform with { Architecture = "vax" } }),
            (MigrationFailure.ContentMismatch, survey => survey with { Spec = survey.Spec with { Name = new ContainerName("another") } }),
        ];
        var ordinal = 0;
        foreach (var (failure, change) in bad)
        {
            var attempt = Open(++ordinal);
            var order = await attempt.OrderAsync();

            await AssertRefusedAsync(failure, () => attempt.Destination.PrepareAsync(order with { Survey = change(order.Survey) }, CancellationToken.None));
            await attempt.Destination.KillGatedAsync();
            await attempt.Destination.CleanAsync(Verdict.Source);

            await AssertNothingLeftAsync(B, attempt);
        }

        await Open(++ordinal).PrepareAsync();
    }

    [Fact]
    public async Task Prepare_refuses_where_the_container_is_and_cleaning_up_does_not_touch_it()
    {
        var attempt = Open();
        var order = await attempt.OrderAsync();
        var here = A.Destinations.Open(attempt.Id, attempt.Container, attempt.Fence, attempt.Source.KeyDigest);

        await AssertRefusedAsync(MigrationFailure.LeftoversFound, () => here.PrepareAsync(order, CancellationToken.None));
        await here.KillGatedAsync();
        await here.CleanAsync(Verdict.Source);

        await AssertRunsAsync(A);
        await AssertAnswersAsync();
    }

    [Fact]
    public async Task Prepare_refuses_while_an_older_attempt_is_not_cleaned_up()
    {
        var (older, newer) = (Open(1), Open(2));
        await older.PrepareAsync();

        await AssertRefusedAsync(MigrationFailure.LeftoversFound, newer.PrepareAsync);
        await newer.Destination.CleanAsync(Verdict.Source);
        Assert.NotEmpty(await B.RemainsAsync(older.Id, older.Container, older.Fence));
        await older.Destination.CleanAsync(Verdict.Source);
        await Open(3).PrepareAsync();
    }

    [Fact]
    public async Task A_cancelled_prepare_is_a_refusal_and_leaves_nothing()
    {
        var attempt = Open();
        var order = await attempt.OrderAsync();

        await AssertRefusedAsync(MigrationFailure.Cancelled, () => attempt.Destination.PrepareAsync(order, new CancellationToken(canceled: true)));
        await attempt.Destination.CleanAsync(Verdict.Source);

        await AssertNothingLeftAsync(B, attempt);
    }

    [Fact]
    public async Task Calls_out_of_their_order_are_refused_by_name()
    {
        var attempt = Open();
        var manifest = new Manifest(attempt.Id, attempt.Container, attempt.Fence, [1], [2], [3], [4], [5]);
        await AssertRefusedAsync(MigrationFailure.Internal, attempt.Destination.ClaimAddressAsync);
        await AssertRefusedAsync(MigrationFailure.Internal, () => attempt.Destination.RestoreToGateAsync(manifest, CancellationToken.None));
        await AssertRefusedAsync(MigrationFailure.Internal, () => attempt.Destination.OpenGateAsync(attempt.Certificate(Verdict.Dest)));

        Assert.Null(await StateAsync(B, Spec.Name));
        await AssertRunsAsync(A);
    }

    [Fact]
    public async Task Not_one_instruction_is_executed_before_the_gate_is_opened_by_the_verdict_of_this_attempt()
    {
        var attempt = Open();
        var report = await attempt.ToGateAsync();

        Assert.True(report.InitPid > 0);
        Assert.Equal(report.InitPid, (await attempt.Destination.RestoreToGateAsync(attempt.Manifest, CancellationToken.None)).InitPid);
        Assert.True(attempt.Destination.GatedTreeIsAlive);
        Assert.True(B.Destinations.TreeWaits(attempt.Container, attempt.Fence));
        Assert.False(B.Destinations.TreeWaits(attempt.Container, new Fence(9, 9)));
        Assert.True(B.Destinations.TreeStands(attempt.Container, attempt.Fence));
        Assert.False(B.Destinations.TreeStands(attempt.Container, new Fence(9, 9)));
        Assert.False(B.Sources.CopyStands(attempt.Container));
        await AssertRefusedAsync(MigrationFailure.Internal, () => attempt.Destination.OpenGateAsync(attempt.Certificate(Verdict.Source)));
        var another = attempt.Certificate(Verdict.Dest);
        await AssertRefusedAsync(MigrationFailure.Internal, () => attempt.Destination.OpenGateAsync(another with { Register = another.Register with { Attempt = AttemptId.New() } }));
        await AssertRefusedAsync(MigrationFailure.Internal, () => attempt.Destination.OpenGateAsync(another with { Register = another.Register with { Fence = new Fence(9, 9) } }));
        await AssertStandsAsync(B, attempt.FrozenCount);
        await AssertStandsAsync(A, attempt.FrozenCount);
        Assert.False(await Lab.ContainerAnswersAsync());

        await attempt.Destination.OpenGateAsync(another);
        await attempt.Destination.OpenGateAsync(another);

        await AssertRunsAsync(B);

        // It waits no more, and is not lost for that, whatever has been written of it.
        Assert.False(B.Destinations.TreeWaits(attempt.Container, attempt.Fence));
        Assert.True(B.Destinations.TreeStands(attempt.Container, attempt.Fence));
        await AssertAnswersAsync();
        await AssertStandsAsync(A, attempt.FrozenCount);
        await attempt.Source.KillAsync();
        await attempt.Destination.AwaitFillAsync(CancellationToken.None);
        await attempt.Destination.AwaitFillAsync(CancellationToken.None);
        await attempt.Destination.CleanAsync(Verdict.Dest);
        await attempt.Destination.CleanAsync(Verdict.Dest);
        await AssertNothingLeftAsync(B, attempt);
        Assert.Equal(ContainerState.Running, await StateAsync(B, Spec.Name));
        await AssertRunsAsync(B);
        await AssertAnswersAsync();
    }

    [Fact]
    public async Task SOURCE_at_the_gate_leaves_nothing_and_the_source_goes_on_from_where_it_stood()
    {
        var attempt = Open();
        await attempt.ToGateAsync();

        // An operator may have taken the container for lost and said that this host was off, which would leave no tree here.
        await AssertRefusedAsync(MigrationFailure.LeftoversFound, attempt.Destination.RefuseTreeAsync);
        Assert.True(attempt.Destination.GatedTreeIsAlive);
        await attempt.Destination.KillGatedAsync();
        await attempt.Destination.KillGatedAsync();
        await attempt.Destination.RefuseTreeAsync();
        Assert.False(attempt.Destination.GatedTreeIsAlive);
        await attempt.Destination.CleanAsync(Verdict.Source);

        await AssertNothingLeftAsync(B, attempt);
        Assert.Equal(-1, await B.CountAsync());
        await AssertStandsAsync(A, attempt.FrozenCount);
        await attempt.Source.PlugAndThawAsync();
        await AssertRunsAsync(A);
        await AssertAnswersAsync();
    }

    [Fact]
    public async Task What_is_not_what_the_source_says_it_sent_is_refused()
    {
        var attempt = Open();
        await attempt.CopyFrozenAsync();
        var (right, wrong) = (attempt.Manifest, new byte[32]);

        // The files come last: they are compared when the restore is under way.
        foreach (var manifest in (Manifest[])
        [
            right with { Attempt = AttemptId.New() }, right with { Fence = new Fence(9, 9) }, right with { SpecDigest = wrong }, right with { ImagesDigest = wrong },
            right with { PagesDigest = wrong }, right with { FinalIndexDigest = wrong }, right with { FilesDigest = wrong },
        ])
        {
            await AssertRefusedAsync(MigrationFailure.ContentMismatch, () => attempt.Destination.RestoreToGateAsync(manifest, CancellationToken.None));
        }

        await attempt.Destination.KillGatedAsync();
        await attempt.Destination.CleanAsync(Verdict.Source);
        Assert.False(attempt.Destination.GatedTreeIsAlive);
        await AssertNothingLeftAsync(B, attempt);
        await attempt.Source.PlugAndThawAsync();
        await AssertRunsAsync(A);
    }

    [Fact]
    public async Task A_gated_tree_that_died_is_said_to_be_lost_each_time_and_never_runs()
    {
        var attempt = Open();
        await attempt.ToGateAsync();

        await B.KillGatedTreeAsync(attempt.Container, attempt.Fence);

        Assert.False(attempt.Destination.GatedTreeIsAlive);
        Assert.False(B.Destinations.TreeWaits(attempt.Container, attempt.Fence));
        Assert.False(B.Destinations.TreeStands(attempt.Container, attempt.Fence));
        await AssertRefusedAsync(MigrationFailure.ContainerLost, () => attempt.Destination.OpenGateAsync(attempt.Certificate(Verdict.Dest)));
        await AssertRefusedAsync(MigrationFailure.ContainerLost, () => attempt.Destination.OpenGateAsync(attempt.Certificate(Verdict.Dest)));
        Assert.Equal(ContainerState.Exited, await StateAsync(B, Spec.Name));
        await AssertStandsAsync(B, attempt.FrozenCount);
    }
}
