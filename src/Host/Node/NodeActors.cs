using Akka.Actor;

namespace ActorMigration.Host.Node;

/// <summary>Starts /user/node and all that stands below it.</summary>
internal static class NodeActors
{
    /// <summary>
    /// Makes <see cref="NodeSupervisor"/>; when this returns its children are there. A message that is sent to one of them by its path before that is lost, and whoever asked waits
    /// in vain.
    /// </summary>
    /// <param name="system">The daemon's.</param>
    /// <param name="compose">Makes the children. What it throws is thrown here too.</param>
    /// <param name="failed">Called with the name of a child whose exception must end the daemon.</param>
    internal static async Task<IActorRef> StartAsync(ActorSystem system, Action<IActorRefFactory> compose, Action<string, Exception> failed)
    {
        var made = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var supervisor = system.ActorOf(
            NodeSupervisor.Props(
                node =>
                {
                    try
                    {
                        compose(node);
                        made.TrySetResult();
                    }
                    catch (Exception e)
                    {
                        made.TrySetException(e);
                        throw;
                    }
                },
                failed),
            NodeSupervisor.Name);
        await made.Task.ConfigureAwait(false);
        return supervisor;
    }
}
