namespace ActorMigration.Contracts.Trust;

/// <summary>A daemon to the trust actor of a member that it has not dialled yet: nothing is said, and nothing answered. To dial it shows whose certificate is at its address, and only then is it known by its name.</summary>
public sealed record Hello : IWire;
