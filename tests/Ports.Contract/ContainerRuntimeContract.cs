using ActorMigration.Contracts;

namespace ActorMigration.Ports.Contract;

/// <summary>What <see cref="Actors.IContainerRuntime"/> promises the containers actor.</summary>
public abstract class ContainerRuntimeContract : PortContract
{
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(200);

    [Fact]
    public async Task A_started_container_is_listed_runs_and_answers()
    {
        var found = Assert.Single(await A.Runtime.ListAsync(CancellationToken.None));

        Assert.Equal((Spec.Name, Started, ContainerState.Running), (found.Name, found.Fence, found.State));
        Assert.True(found.InitPid > 0);
        await AssertAnswersAsync();
        Assert.Empty(await B.Runtime.ListAsync(CancellationToken.None));
    }

    [Fact]
    public async Task A_name_that_is_here_is_not_started_again()
    {
        await AssertRefusedAsync(MigrationFailure.AttemptInProgress, () => A.Runtime.RunAsync(Spec, new Fence(2, 0), CancellationToken.None));

        await AssertRunsAsync(A);
    }

    [Fact]
    public async Task A_name_of_which_an_attempt_has_left_something_is_not_started()
    {
        await Open().PrepareAsync();

        await AssertRefusedAsync(MigrationFailure.LeftoversFound, () => B.Runtime.RunAsync(Spec, new Fence(1, 2), CancellationToken.None));
    }

    [Fact]
    public async Task A_removed_container_leaves_nothing_and_may_be_started_again()
    {
        await A.Runtime.RemoveAsync(Spec.Name, Grace, CancellationToken.None);

        Assert.Empty(await A.Runtime.ListAsync(CancellationToken.None));
        Assert.Equal(-1, await A.CountAsync());
        Assert.False(await Lab.ContainerAnswersAsync());
        Assert.Empty(await A.RemainsAsync(AttemptId.New(), Spec.Name, Started));
        await A.Runtime.RunAsync(Spec, new Fence(2, 0), CancellationToken.None);
        await AssertRunsAsync(A);
    }

    [Fact]
    public async Task What_is_not_here_cannot_be_removed()
        => await AssertRefusedAsync(MigrationFailure.UnknownContainer, () => B.Runtime.RemoveAsync(Spec.Name, Grace, CancellationToken.None));

    [Fact]
    public async Task An_address_is_announced_where_its_container_runs_and_nowhere_else()
    {
        await B.Runtime.AnnounceAsync(Spec.Name);
        await A.Runtime.AnnounceAsync(Spec.Name);

        await AssertAnswersAsync();
    }

    [Fact]
    public async Task A_container_that_is_held_stands_also_when_the_daemon_is_started_anew_and_goes_on_when_it_is_let_go()
    {
        await A.Runtime.HoldAsync(Spec.Name);
        await AssertStandsAsync(A, await A.CountAsync());
        Assert.Equal(ContainerState.Frozen, await StateAsync(A, Spec.Name));

        await A.RestartAsync();
        await AssertStandsAsync(A, await A.CountAsync());

        Assert.True(await A.Runtime.ReleaseAsync(Spec.Name));
        await AssertRunsAsync(A);
        await AssertAnswersAsync();
        Assert.False(await A.Runtime.ReleaseAsync(Spec.Name));
    }

    [Fact]
    public async Task What_is_not_here_cannot_be_held_and_what_is_not_held_is_not_let_go()
    {
        await AssertRefusedAsync(MigrationFailure.UnknownContainer, () => B.Runtime.HoldAsync(Spec.Name));

        Assert.False(await A.Runtime.ReleaseAsync(Spec.Name));
        Assert.False(await B.Runtime.ReleaseAsync(Spec.Name));
        await AssertRunsAsync(A);
    }

    [Fact]
    public async Task A_mark_whose_container_runs_is_taken_away_and_lets_nothing_go_later()
    {
        await A.Runtime.HoldAsync(Spec.Name);
        await A.ThawByHandAsync(Spec.Name);
        await AssertRunsAsync(A);

        Assert.False(await A.Runtime.ReleaseAsync(Spec.Name));

        // What somebody else freezes after that stays.
        await A.FreezeByHandAsync(Spec.Name);
        Assert.False(await A.Runtime.ReleaseAsync(Spec.Name));
        await AssertStandsAsync(A, await A.CountAsync());
    }

    [Fact]
    public async Task A_container_that_is_held_can_be_removed_and_started_again()
    {
        await A.Runtime.HoldAsync(Spec.Name);

        await A.Runtime.RemoveAsync(Spec.Name, Grace, CancellationToken.None);
        Assert.Empty(await A.RemainsAsync(AttemptId.New(), Spec.Name, Started));

        await A.Runtime.RunAsync(Spec, new Fence(2, 0), CancellationToken.None);
        await AssertRunsAsync(A);
        Assert.False(await A.Runtime.ReleaseAsync(Spec.Name));
    }

    [Fact]
    public async Task What_keeps_a_container_from_being_moved_is_seen_without_a_move_and_nothing_is_seen_where_there_is_nothing()
    {
        Assert.Empty(await A.Runtime.ObstaclesAsync(CancellationToken.None));
        Assert.Empty(await B.Runtime.ObstaclesAsync(CancellationToken.None));

        await A.FreezeByHandAsync(Spec.Name);

        var found = Assert.Single(await A.Runtime.ObstaclesAsync(CancellationToken.None));
        Assert.Equal((Spec.Name, true), (found.Container, found.Sentence.Contains("frozen", StringComparison.Ordinal)));
        await A.ThawByHandAsync(Spec.Name);
        await AssertRunsAsync(A);
    }

    [Fact]
    public async Task A_start_that_came_through_is_taken_up_and_of_one_that_did_not_nothing_is_left()
    {
        Assert.Equal(ContainerState.Running, (await A.Runtime.TakeUpAsync(Spec.Name, Started))!.State);
        await AssertAnswersAsync();
        // Of another start, which is not asked for.
        Assert.Null(await A.Runtime.TakeUpAsync(Spec.Name, new Fence(9, 0)));
        Assert.Null(await A.Runtime.TakeUpAsync(new ContainerName("another"), Started));
        await AssertRunsAsync(A);

        await A.ForgetStartAsync(Spec.Name);

        Assert.Null(await A.Runtime.TakeUpAsync(Spec.Name, Started));
        Assert.Empty(await A.RemainsAsync(AttemptId.New(), Spec.Name, Started));
        Assert.Empty(await A.Runtime.ListAsync(CancellationToken.None));
        await A.Runtime.RunAsync(Spec, new Fence(2, 0), CancellationToken.None);
        await AssertRunsAsync(A);
    }

    [Fact]
    public async Task A_cancelled_start_leaves_nothing()
    {
        await A.Runtime.RemoveAsync(Spec.Name, Grace, CancellationToken.None);

        await AssertRefusedAsync(MigrationFailure.Cancelled, () => A.Runtime.RunAsync(Spec, new Fence(2, 0), new CancellationToken(canceled: true)));

        Assert.Empty(await A.Runtime.ListAsync(CancellationToken.None));
        Assert.Equal(-1, await A.CountAsync());
        Assert.Empty(await A.RemainsAsync(AttemptId.New(), Spec.Name, new Fence(2, 0)));
    }

    [Fact]
    public async Task Containers_do_not_notice_that_the_daemon_died()
    {
        await A.RestartAsync();

        await AssertRunsAsync(A);
        Assert.Equal(ContainerState.Running, await StateAsync(A, Spec.Name));
        await AssertAnswersAsync();
    }
}
