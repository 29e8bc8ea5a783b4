using ActorMigration.Ports.Contract;

namespace ActorMigration.Linux.Tests.Ports;

/// <summary>The contract of the source's port on a real kernel.</summary>
public sealed class LinuxSourceAttemptSpec : SourceAttemptContract
{
    protected override Task<IPortLab> NewLabAsync() => LinuxPortLab.StartAsync();
}

/// <summary>The contract of the destination's port on a real kernel, which compares all memory at the gate with that under the freeze.</summary>
public sealed class LinuxDestinationAttemptSpec : DestinationAttemptContract
{
    protected override Task<IPortLab> NewLabAsync() => LinuxPortLab.StartAsync();
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
