using ActorMigration.Contracts;

namespace ActorMigration.Ports.Contract;

/// <summary>What <see cref="Actors.ISourceAttempt"/> promises its actor. The container is never stopped but by a freeze, and never thawed or killed but by order.</summary>
public abstract class SourceAttemptContract : PortContract
{
    [Fact]
    public async Task A_container_that_is_not_here_cannot_be_opened()
    {
        await AssertRefusedAsync(MigrationFailure.UnknownContainer, () => Task.FromResult(A.Sources.Open(AttemptId.New(), new ContainerName("nobody"), new Fence(1, 1), verifyMemory: false)));
        await AssertRefusedAsync(MigrationFailure.UnknownContainer, () => Task.FromResult(B.Sources.Open(AttemptId.New(), Spec.Name, new Fence(1, 1), verifyMemory: false)));
    }

    [Fact]
    public async Task The_survey_tells_what_runs_and_stops_nothing()
    {
        var attempt = Open();

        var first = await attempt.Source.SurveyAsync(CancellationToken.None);
        var second = await attempt.Source.SurveyAsync(CancellationToken.None);

        Assert.Equal((Spec.Name, Spec.Image), (first.Spec.Name, first.Spec.Image));
        Assert.True(first is { Processes: > 0, MemoryBytes: > 0 });
        Assert.Equal(first.Layers, second.Layers);
        await AssertRunsAsync(A);
    }

    [Fact]
    public async Task Every_attempt_has_a_key_of_its_own()
    {
        var (one, two) = (Open(1), Open(2));

        Assert.Equal(32, one.Source.KeyDigest.Length);
        Assert.Equal(one.Source.KeyDigest, one.Source.KeyDigest);
        Assert.NotEqual(one.Source.KeyDigest, two.Source.KeyDigest);
        await one.Source.CleanAsync(Verdict.Source);
        await two.Source.CleanAsync(Verdict.Source);
        await AssertRunsAsync(A);
    }

    [Fact]
    public async Task A_frozen_container_stands_and_a_thawed_one_goes_on_however_often_it_is_said()
    {
        var attempt = Open();
        await attempt.PreCopyAsync();
        await attempt.Source.FreezeAsync();
        var count = await A.CountAsync();
        await attempt.Source.FreezeAsync();
        await AssertStandsAsync(A, count);
        await attempt.Source.UnplugAsync();
        await attempt.Source.UnplugAsync();
        Assert.False(await Lab.ContainerAnswersAsync());

        await attempt.Source.PlugAndThawAsync();
        await attempt.Source.PlugAndThawAsync();

        await AssertRunsAsync(A);
        await AssertAnswersAsync();
    }

    [Fact]
    public async Task A_thaw_without_a_freeze_undoes_nothing()
    {
        var attempt = Open();

        await attempt.Source.PlugAndThawAsync();

        await AssertRunsAsync(A);
        await AssertAnswersAsync();
    }

    [Fact]
    public async Task Calls_out_of_their_order_are_refused_by_name_and_change_nothing()
    {
        var attempt = Open();
        await AssertRefusedAsync(MigrationFailure.Internal, () => attempt.Source.RunRoundAsync(0, CancellationToken.None));
        await AssertRefusedAsync(MigrationFailure.Internal, attempt.Source.UnplugAsync);
        await AssertRefusedAsync(MigrationFailure.Internal, () => attempt.Source.CopyFrozenAsync(CancellationToken.None));
        await attempt.PreCopyAsync();
        await AssertRefusedAsync(MigrationFailure.Internal, attempt.Source.UnplugAsync);
        await AssertRefusedAsync(MigrationFailure.Internal, () => attempt.Source.CopyFrozenAsync(CancellationToken.None));
        await AssertRunsAsync(A);
        await AssertAnswersAsync();

        // And the attempt is none the worse for it.
        await attempt.Source.FreezeAsync();
        await attempt.Source.UnplugAsync();
        await attempt.Source.CopyFrozenAsync(CancellationToken.None);
        await AssertRefusedAsync(MigrationFailure.Internal, () => attempt.Source.CopyFrozenAsync(CancellationToken.None));
        await AssertStandsAsync(A, await A.CountAsync());
    }

    [Fact]
    public async Task The_copy_is_taken_under_the_freeze_and_names_its_attempt()
    {
        var attempt = Open();
        await attempt.CopyFrozenAsync();

        await AssertStandsAsync(A, attempt.FrozenCount);
        Assert.Equal((attempt.Id, attempt.Container, attempt.Fence), (attempt.Manifest.Attempt, attempt.Manifest.Container, attempt.Manifest.Fence));
        var token = attempt.Source.SignHandOver(attempt.Manifest, attempt.Destination.KeyDigest);
        Assert.True(HandOverSignature.Verify(token, attempt.Source.KeyDigest));
        Assert.Equal(attempt.Destination.KeyDigest, token.DestinationKey);
    }

    [Fact]
    public async Task A_round_that_nobody_takes_ends_when_it_is_cancelled()
    {
        var attempt = Open();
        await attempt.PrepareAsync();
        await attempt.Source.ConnectAsync(attempt.Endpoint, CancellationToken.None);
        using var cancel = new CancellationTokenSource();

        // The pump is not started, so nothing is ever stored.
        var round = attempt.Source.RunRoundAsync(0, cancel.Token);
        Assert.NotSame(round, await Task.WhenAny(round, Task.Delay(100)));
        await cancel.CancelAsync();

        await Assert.ThrowsAsync<Actors.AttemptException>(() => round.WaitAsync(TimeSpan.FromSeconds(10)));
        await AssertRunsAsync(A);
        await attempt.Source.CleanAsync(Verdict.Source);
        await attempt.Destination.CleanAsync(Verdict.Source);
        await AssertNothingLeftAsync(A, attempt);
        await AssertNothingLeftAsync(B, attempt);
    }

    [Fact]
    public async Task After_SOURCE_the_container_is_as_it_was_and_the_next_attempt_moves_it()
    {
        var ordinal = 0;
        foreach (var reach in (Func<Attempt, Task>[])[_ => Task.CompletedTask, attempt => attempt.ConnectAsync(), attempt => attempt.PreCopyAsync(), attempt => attempt.CopyFrozenAsync()])
        {
            var attempt = Open(++ordinal);
            await reach(attempt);

            await attempt.Source.PlugAndThawAsync();
            await attempt.Source.CleanAsync(Verdict.Source);
            await attempt.Source.CleanAsync(Verdict.Source);
            await attempt.Destination.KillGatedAsync();
            await attempt.Destination.CleanAsync(Verdict.Source);

            await AssertNothingLeftAsync(A, attempt);
            await AssertNothingLeftAsync(B, attempt);
            Assert.Equal(-1, await B.CountAsync());
            await AssertRunsAsync(A);
            await AssertAnswersAsync();
        }

        Assert.True(A.Sources.CopyRuns(Spec.Name));
        var next = Open(++ordinal);
        await next.ToGateAsync();
        await next.CompleteAsync();
        await AssertRunsAsync(B);
    }

    [Fact]
    public async Task After_DEST_nothing_of_the_container_is_left()
    {
        var attempt = Open();
        await attempt.ToGateAsync();
        Assert.Equal((true, false), (A.Sources.CopyStands(Spec.Name), A.Sources.CopyRuns(Spec.Name)));
        await attempt.Source.KillAsync();
        await attempt.Source.KillAsync();
        Assert.Equal(attempt.FrozenCount, await A.CountAsync());
        Assert.False(A.Sources.CopyStands(Spec.Name));

        await attempt.Source.CleanAsync(Verdict.Dest);
        await attempt.Source.CleanAsync(Verdict.Dest);

        await AssertNothingLeftAsync(A, attempt);
        Assert.Equal(-1, await A.CountAsync());
        Assert.Null(await StateAsync(A, Spec.Name));
        Assert.False(A.Sources.CopyStands(Spec.Name));
    }
}
