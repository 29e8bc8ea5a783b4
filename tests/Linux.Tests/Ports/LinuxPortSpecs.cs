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
}

/// <summary>The contract of the load's port on a real kernel.</summary>
public sealed class LinuxLoadSourceContractSpec : LoadSourceContract
{
    protected override Task<IPortLab> NewLabAsync() => LinuxPortLab.StartAsync();
}
