namespace ActorMigration.Actors;

/// <summary>Reads what this host and its containers have used. Called by <see cref="LoadActor"/>, once at a time, off its thread.</summary>
public interface ILoadSource
{
    /// <summary>
    /// One sample, now. Only looks: no container is stopped, traced or slowed by it, and one that goes away meanwhile is left out. What is not there on this
    /// kernel is null; what should be there and cannot be read is an exception. May block its caller's thread for as long as the kernel does.
    /// </summary>
    Task<LoadSample> SampleAsync(CancellationToken cancel);
}
