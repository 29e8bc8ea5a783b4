using System.Diagnostics;
using ActorMigration.Contracts;
using ActorMigration.Ports.Contract;

namespace ActorMigration.Linux.Tests.Ports;

/// <summary>The contract of the source's port on a real kernel.</summary>
public sealed class LinuxSourceAttemptSpec : SourceAttemptContract
{
    protected override Task<IPortLab> NewLabAsync() => LinuxPortLab.StartAsync();

    [Fact]
    public async Task A_container_that_ends_by_itself_during_the_move_is_said_to_have_ended()
    {
        var attempt = Open();
        await attempt.PreCopyAsync();
        var pid = (await A.Runtime.ListAsync(CancellationToken.None)).Single(found => found.Name == attempt.Container).InitPid;
        using (var init = Process.GetProcessById(pid))
        {
            init.Kill();
            await init.WaitForExitAsync();
        }

        var round = await AssertRefusedAsync(MigrationFailure.UnknownContainer, () => attempt.Source.RunRoundAsync(2, CancellationToken.None));
        Assert.Contains("ended by itself", round.Message, StringComparison.Ordinal);
        await attempt.Source.FreezeAsync();
        await AssertRefusedAsync(MigrationFailure.UnknownContainer, () => attempt.Source.CopyFrozenAsync(CancellationToken.None));
        await attempt.Source.CleanAsync(Verdict.Source);
        await attempt.Destination.CleanAsync(Verdict.Source);
        await AssertNothingLeftAsync(B, attempt);
        Assert.Equal(ContainerState.Exited, await StateAsync(A, attempt.Container));
    }
}

/// <summary>The source's host was down while its container stood.</summary>
public sealed class LostSourceSpec : PortContract
{
    protected override Task<IPortLab> NewLabAsync() => LinuxPortLab.StartAsync();

    [Fact]
    public async Task A_container_that_went_with_its_host_in_the_stop_has_nothing_to_thaw_and_can_be_removed()
    {
        var attempt = Open();
        await attempt.UnplugAsync();
        await ((LinuxPortHost)A).LoseContainerAsync(attempt.Container);
        await attempt.RestartSourceAsync();

        await attempt.Source.PlugAndThawAsync();
        await attempt.Source.CleanAsync(Verdict.Source);
        await attempt.Destination.CleanAsync(Verdict.Source);

        Assert.Equal(ContainerState.Exited, await StateAsync(A, attempt.Container));
        await AssertNothingLeftAsync(B, attempt);
        await A.Runtime.RemoveAsync(attempt.Container, TimeSpan.FromSeconds(1), CancellationToken.None);
        Assert.Empty(await A.Runtime.ListAsync(CancellationToken.None));
    }
}

/// <summary>The contract of the destination's port on a real kernel, which compares all memory at the gate with that under the freeze.</summary>
public sealed class LinuxDestinationAttemptSpec : DestinationAttemptContract
{
    protected override Task<IPortLab> NewLabAsync() => LinuxPortLab.StartAsync();

    [Fact]
    public async Task A_container_that_ran_and_ended_before_its_record_was_written_has_exited_and_is_not_lost()
    {
        var attempt = Open();
        await attempt.ToGateAsync();
        await attempt.Destination.OpenGateAsync(attempt.Certificate(Verdict.Dest));
        // The daemon dies between the two.
        ((LinuxPortHost)B).LoseRecord(attempt.Container);
        await attempt.RestartDestinationAsync();
        await B.KillGatedTreeAsync(attempt.Container, attempt.Fence);

        await attempt.Destination.OpenGateAsync(attempt.Certificate(Verdict.Dest));
        await attempt.Destination.OpenGateAsync(attempt.Certificate(Verdict.Dest));

        Assert.Equal(ContainerState.Exited, await StateAsync(B, attempt.Container));
    }
}

/// <summary>Adoption by a daemon that is another process, after the first was killed. Memory is missing at the gate and comes afterwards.</summary>
public sealed class LinuxAdoptionSpec : AdoptionContract
{
    protected override Task<IPortLab> NewLabAsync() => LinuxPortLab.StartAsync();
}

/// <summary>The contract of the containers' port on a real kernel.</summary>
public sealed class LinuxContainerRuntimeSpec : ContainerRuntimeContract
{
    protected override Task<IPortLab> NewLabAsync() => LinuxPortLab.StartAsync();

    [Fact]
    public async Task Files_of_an_earlier_container_of_the_name_are_seen_by_no_new_one()
    {
        await A.Runtime.RemoveAsync(Spec.Name, TimeSpan.FromSeconds(1), CancellationToken.None);
        var left = ((LinuxPortHost)A).LeaveFiles(Spec.Name);

        var refused = await AssertRefusedAsync(MigrationFailure.LeftoversFound, () => A.Runtime.RunAsync(Spec, new Fence(2, 0), CancellationToken.None));

        Assert.Contains(left, refused.Message, StringComparison.Ordinal);
        Assert.True(Directory.Exists(left));
        Directory.Delete(left, recursive: true);
        await A.Runtime.RunAsync(Spec, new Fence(2, 0), CancellationToken.None);
        await AssertRunsAsync(A);
    }

    [Fact]
    public async Task What_cannot_be_removed_keeps_its_record_until_it_can_and_an_emptied_directory_is_nothing()
    {
        var files = ((LinuxPortHost)A).LeaveFiles(Spec.Name);
        await A.ForgetStartAsync(Spec.Name);
        await Runtime.RuntimeLab.RunAsync("mount", "-t", "tmpfs", "busy", $"{files}/upper/busy", "-o", "X-mount.mkdir");
        try
        {
            await Assert.ThrowsAsync<Actors.AttemptException>(() => A.Runtime.TakeUpAsync(Spec.Name, Started));
            Assert.Single(await A.Runtime.ListAsync(CancellationToken.None));
        }
        finally
        {
            await Runtime.RuntimeLab.RunAsync("umount", $"{files}/upper/busy");
        }

        Assert.Null(await A.Runtime.TakeUpAsync(Spec.Name, Started));
        Assert.False(Directory.Exists(files));
        // A daemon died right before the record, or right after it.
        Directory.CreateDirectory(files);
        File.WriteAllText($"{files}/container.json.new", "");
        Assert.Null(await A.Runtime.TakeUpAsync(Spec.Name, Started));
        Assert.False(Directory.Exists(files));
        Directory.CreateDirectory(files);
        await A.Runtime.RunAsync(Spec, new Fence(2, 0), CancellationToken.None);
        await AssertRunsAsync(A);
    }

    [Fact]
    public async Task The_record_of_another_start_is_left_alone()
    {
        var odd = new ContainerName("a-odd");
        ((LinuxPortHost)A).RecordWithoutCgroup(odd, Spec.Name);

        Assert.Null(await A.Runtime.TakeUpAsync(odd, new Fence(9, 0)));

        Assert.Contains(await A.Runtime.ListAsync(CancellationToken.None), container => container.Name == odd);
    }

    [Fact]
    public async Task A_container_that_cannot_be_looked_at_says_so_and_does_not_hide_the_others()
    {
        var odd = new ContainerName("a-odd");
        ((LinuxPortHost)A).RecordWithoutCgroup(odd, Spec.Name);
        await A.FreezeByHandAsync(Spec.Name);

        var found = (await A.Runtime.ObstaclesAsync(CancellationToken.None)).ToDictionary(obstacle => obstacle.Container, obstacle => obstacle.Sentence);

        Assert.Equal(2, found.Count);
        Assert.StartsWith("it cannot be looked at: ", found[odd], StringComparison.Ordinal);
        Assert.Contains("frozen", found[Spec.Name], StringComparison.Ordinal);
        await A.ThawByHandAsync(Spec.Name);
    }
}

/// <summary>The contract of the load's port on a real kernel.</summary>
public sealed class LinuxLoadSourceContractSpec : LoadSourceContract
{
    protected override Task<IPortLab> NewLabAsync() => LinuxPortLab.StartAsync();
}
