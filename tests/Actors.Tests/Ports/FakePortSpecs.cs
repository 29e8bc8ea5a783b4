using ActorMigration.Ports.Contract;

namespace ActorMigration.Actors.Tests.Ports;

/// <summary>The fake source of the actors' tests keeps the contract.</summary>
public sealed class FakeSourceAttemptSpec : SourceAttemptContract
{
    protected override Task<IPortLab> NewLabAsync() => Task.FromResult<IPortLab>(new FakePortLab());
}

/// <summary>The fake destination of the actors' tests keeps the contract.</summary>
public sealed class FakeDestinationAttemptSpec : DestinationAttemptContract
{
    protected override Task<IPortLab> NewLabAsync() => Task.FromResult<IPortLab>(new FakePortLab());
}

/// <summary>What the fakes keep over a daemon's death is what a host keeps.</summary>
public sealed class FakeAdoptionSpec : AdoptionContract
{
    protected override Task<IPortLab> NewLabAsync() => Task.FromResult<IPortLab>(new FakePortLab());
}

/// <summary>The fake runtime of the actors' tests keeps the contract.</summary>
public sealed class FakeContainerRuntimeSpec : ContainerRuntimeContract
{
    protected override Task<IPortLab> NewLabAsync() => Task.FromResult<IPortLab>(new FakePortLab());
}

/// <summary>The fake counters of the actors' tests keep the contract.</summary>
public sealed class FakeLoadSourceSpec : LoadSourceContract
{
    protected override Task<IPortLab> NewLabAsync() => Task.FromResult<IPortLab>(new FakePortLab());
}
