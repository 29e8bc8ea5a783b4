using ActorMigration.Actors.Tests.Migrations;
using ActorMigration.Contracts;
using ActorMigration.Ports.Contract;
using ActorMigration.Simulator;

namespace ActorMigration.Actors.Tests.Ports;

/// <summary>Two fake hosts, as the actors' tests use them.</summary>
internal sealed class FakePortLab : IPortLab
{
    private readonly Host _a = new(new FakeHost(TwoHosts.A));
    private readonly Host _b = new(new FakeHost(TwoHosts.B));

    public ContainerSpec Spec { get; } = FakeHost.Spec(TwoHosts.Container) with { Placement = new ContainerPlacement(true, ["ssd", "rack-2"], "web", "cache") };

    public IPortHost A => _a;

    public IPortHost B => _b;

    public Task<bool> ContainerAnswersAsync() => Task.FromResult(_a.Fake.IsPlugged || _b.Fake.IsPlugged);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private sealed class Host(FakeHost fake) : IPortHost
    {
        internal FakeHost Fake { get; } = fake;

        public HostName Name => Fake.Name;

        public ISourceHost Sources => Fake;

        public IDestinationHost Destinations => Fake;

        public IContainerRuntime Runtime => Fake;

        public ILoadSource Load => Fake;

        /// <summary>What a daemon holds in its memory is in the attempts' objects, which are not used any more.</summary>
        public Task RestartAsync() => Task.CompletedTask;

        public Task<long> CountAsync() => Task.FromResult(Fake.Count);

        public Task<string[]> RemainsAsync(AttemptId attempt, ContainerName container, Fence fence)
            => Task.FromResult<string[]>(
            [
                .. Fake.Traces.ContainsKey((container, fence)) ? (string[])["what prepare or connect made"] : [],
                .. Fake.Tree == Tree.Gated && Fake.Fence == fence ? (string[])["a gated tree"] : [],
            ]);

        public Task ThawByHandAsync(ContainerName container)
        {
            Fake.Tree = Tree.Running;
            return Task.CompletedTask;
        }

        public Task FreezeByHandAsync(ContainerName container)
        {
            Fake.Tree = Tree.Frozen;
            return Task.CompletedTask;
        }

        public Task ForgetStartAsync(ContainerName container)
        {
            Fake.IsHalfStarted = true;
            return Task.CompletedTask;
        }

        public Task KillGatedTreeAsync(ContainerName container, Fence fence)
        {
            Assert.Equal((Tree.Gated, fence), (Fake.Tree, Fake.Fence));
            Fake.Tree = Tree.None;
            return Task.CompletedTask;
        }
    }
}
