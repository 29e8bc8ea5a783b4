using ActorMigration.Actors;
using ActorMigration.Contracts;

namespace ActorMigration.Ports.Contract;

/// <summary>
/// What Adopt promises the recovery of the migrations actor: the daemon has died without a word in the middle of an attempt; container, gate and helpers have not
/// noticed, and the next daemon can carry out whatever the register says.
/// </summary>
public abstract class AdoptionContract : PortContract
{
    [Fact]
    public async Task A_source_that_dies_in_pre_copy_keeps_its_container_and_can_begin_anew()
    {
        var attempt = Open();
        await attempt.PreCopyAsync();

        await attempt.RestartSourceAsync();

        await AssertRunsAsync(A);
        await attempt.Source.CleanAsync(Verdict.Source);
        await attempt.Source.CleanAsync(Verdict.Source);
        await attempt.Destination.CleanAsync(Verdict.Source);
        await AssertNothingLeftAsync(A, attempt);
        await AssertNothingLeftAsync(B, attempt);
        await AssertRunsAsync(A);
        await AssertAnswersAsync();
        var next = Open(2);
        await next.ToGateAsync();
        await next.CompleteAsync();
        await AssertRunsAsync(B);
        await AssertAnswersAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_frozen_copy_that_somebody_lets_run_by_hand_stands_again_and_reaches_nobody(bool isAdopted)
    {
        var attempt = Open();
        await attempt.CopyFrozenAsync();
        if (isAdopted)
        {
            await attempt.RestartSourceAsync();
        }

        var watch = attempt.Source.AwaitThawByOthersAsync();
        await AssertStandsAsync(A, attempt.FrozenCount);
        Assert.False(watch.IsCompleted);

        await A.ThawByHandAsync(Spec.Name);

        Assert.Contains("let container", await watch, StringComparison.Ordinal);
        await AssertStandsAsync(A, await A.CountAsync());
        Assert.False(await Lab.ContainerAnswersAsync());
        // Its own thaw is nobody else's.
        var next = attempt.Source.AwaitThawByOthersAsync();
        await attempt.Source.PlugAndThawAsync();
        await AssertRunsAsync(A);
        await AssertAnswersAsync();
        await attempt.Source.CleanAsync(Verdict.Source);
        await attempt.Destination.CleanAsync(Verdict.Source);
        Assert.Null(await next);
        await AssertRunsAsync(A);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_source_that_dies_frozen_stays_frozen_until_SOURCE_thaws_it(bool hasCopied)
    {
        var attempt = Open();
        await (hasCopied ? attempt.CopyFrozenAsync() : attempt.UnplugAsync());

        await attempt.RestartSourceAsync();

        await AssertStandsAsync(A, attempt.FrozenCount);
        Assert.False(await Lab.ContainerAnswersAsync());
        await attempt.Source.PlugAndThawAsync();
        await AssertRunsAsync(A);
        await AssertAnswersAsync();
        await attempt.Source.CleanAsync(Verdict.Source);
        await attempt.Destination.CleanAsync(Verdict.Source);
        await AssertNothingLeftAsync(A, attempt);
        await AssertRunsAsync(A);
        await AssertAnswersAsync();
    }

    [Fact]
    public async Task What_a_later_attempt_has_stopped_an_earlier_one_does_not_thaw()
    {
        var attempt = Open(2);
        await attempt.UnplugAsync();

        // The journal went back to the verdict of the attempt before.
        var earlier = A.Sources.Adopt(AttemptId.New(), Spec.Name, new Fence(Started.Epoch, 1));
        await AssertRefusedAsync(MigrationFailure.LeftoversFound, earlier.PlugAndThawAsync);

        await AssertStandsAsync(A, attempt.FrozenCount);
        await attempt.RestartSourceAsync();
        await attempt.Source.PlugAndThawAsync();
        await AssertRunsAsync(A);
        await attempt.Source.CleanAsync(Verdict.Source);
        await attempt.Destination.CleanAsync(Verdict.Source);
        await AssertNothingLeftAsync(A, attempt);
    }

    [Fact]
    public async Task A_source_that_dies_before_DEST_reaches_it_removes_its_copy_and_again_after_another_death()
    {
        var attempt = Open();
        await attempt.ToGateAsync();
        await attempt.Destination.OpenGateAsync(attempt.Certificate(Verdict.Dest));

        await attempt.RestartSourceAsync();
        await AssertStandsAsync(A, attempt.FrozenCount);
        // An operator may have said that this host was off, which would leave no copy here.
        Assert.Equal(MigrationFailure.LeftoversFound, (await Assert.ThrowsAsync<AttemptException>(attempt.Source.RefuseCopyAsync)).Failure);
        await AssertStandsAsync(A, attempt.FrozenCount);
        await attempt.Source.KillAsync();
        await attempt.RestartSourceAsync();
        await attempt.Source.RefuseCopyAsync();
        await attempt.Source.CleanAsync(Verdict.Dest);

        await AssertNothingLeftAsync(A, attempt);
        Assert.Null(await StateAsync(A, Spec.Name));
        // Cleaned, but the journal does not say so yet.
        await attempt.RestartSourceAsync();
        await attempt.Source.KillAsync();
        await attempt.Source.CleanAsync(Verdict.Dest);
        await AssertNothingLeftAsync(A, attempt);
        await AssertRunsAsync(B);
        await AssertAnswersAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_destination_that_dies_before_the_gate_can_only_clean_up(bool hasPages)
    {
        var attempt = Open();
        await (hasPages ? attempt.CopyFrozenAsync() : attempt.PrepareAsync());

        await attempt.RestartDestinationAsync();

        Assert.False(attempt.Destination.GatedTreeIsAlive);
        await attempt.Destination.KillGatedAsync();
        await attempt.Destination.CleanAsync(Verdict.Source);
        await AssertNothingLeftAsync(B, attempt);
        Assert.Equal(-1, await B.CountAsync());
        await attempt.Source.PlugAndThawAsync();
        await attempt.Source.CleanAsync(Verdict.Source);
        await AssertRunsAsync(A);
        await AssertAnswersAsync();
        var next = Open(2);
        await next.ToGateAsync();
        await next.CompleteAsync();
        await AssertRunsAsync(B);
    }

    [Fact]
    public async Task A_destination_that_dies_at_the_gate_finds_it_shut_and_opens_it_on_DEST()
    {
        var attempt = Open();
        await attempt.ToGateAsync();

        await attempt.RestartDestinationAsync();

        Assert.True(attempt.Destination.GatedTreeIsAlive);
        await AssertStandsAsync(B, attempt.FrozenCount);
        await attempt.CompleteAsync();
        await AssertRunsAsync(B);
        await AssertAnswersAsync();
        await AssertNothingLeftAsync(A, attempt);
        await AssertNothingLeftAsync(B, attempt);
        Assert.Equal(ContainerState.Running, await StateAsync(B, Spec.Name));
    }

    [Fact]
    public async Task A_destination_that_dies_at_the_gate_leaves_nothing_on_SOURCE()
    {
        var attempt = Open();
        await attempt.ToGateAsync();

        await attempt.RestartDestinationAsync();
        await attempt.Destination.KillGatedAsync();
        await attempt.Destination.CleanAsync(Verdict.Source);

        await AssertNothingLeftAsync(B, attempt);
        Assert.Equal(-1, await B.CountAsync());
        await attempt.Source.PlugAndThawAsync();
        await AssertRunsAsync(A);
        await AssertAnswersAsync();
    }

    [Fact]
    public async Task A_destination_that_dies_after_the_gate_was_opened_finds_a_container_that_runs()
    {
        var attempt = Open();
        await attempt.ToGateAsync();
        await attempt.Destination.OpenGateAsync(attempt.Certificate(Verdict.Dest));

        await attempt.RestartDestinationAsync();

        await AssertRunsAsync(B);
        Assert.False(attempt.Destination.GatedTreeIsAlive);
        await attempt.CompleteAsync();
        await AssertNothingLeftAsync(B, attempt);
        // Cleaned, but the journal does not say so yet.
        await attempt.RestartDestinationAsync();
        await attempt.Destination.OpenGateAsync(attempt.Certificate(Verdict.Dest));
        await attempt.Destination.AwaitFillAsync(CancellationToken.None);
        await attempt.Destination.CleanAsync(Verdict.Dest);
        await AssertRunsAsync(B);
        await AssertAnswersAsync();
        Assert.Equal(ContainerState.Running, await StateAsync(B, Spec.Name));
    }

    [Fact]
    public async Task A_container_survives_the_daemon_that_opened_its_gate_and_moves_back()
    {
        var attempt = Open();
        await attempt.ToGateAsync();
        await attempt.CompleteAsync();
        await B.RestartAsync();
        await AssertRunsAsync(B);

        var back = Attempt.Open(Lab, B, A, new Fence(Started.Epoch + 1, 1));
        await back.ToGateAsync();
        await back.CompleteAsync();

        await AssertRunsAsync(A);
        await AssertAnswersAsync();
        await AssertNothingLeftAsync(B, back);
    }

    [Theory]
    [InlineData(Verdict.Source)]
    [InlineData(Verdict.Dest)]
    public async Task An_attempt_of_which_nothing_is_here_can_be_adopted_and_ended(Verdict verdict)
    {
        var nothing = B.Destinations.Adopt(AttemptId.New(), Spec.Name, new Fence(1, 1));
        Assert.False(nothing.GatedTreeIsAlive);
        await nothing.KillGatedAsync();
        await nothing.CleanAsync(verdict);

        var gone = B.Sources.Adopt(AttemptId.New(), Spec.Name, new Fence(1, 1));
        await gone.KillAsync();
        await gone.CleanAsync(verdict);
        await AssertRunsAsync(A);
    }
}
