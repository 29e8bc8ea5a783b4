namespace ActorMigration.Nodes;

/// <summary>What one run is made from.</summary>
/// <param name="Seed">Of the loads.</param>
/// <param name="Hosts">How many nodes, from 3 on.</param>
/// <param name="Containers">On each host at the start.</param>
/// <param name="Looks">How many looks are measured.</param>
/// <param name="Patience">Longest wait for the cluster to form, for the acting balancer to know all names, and for a takeover.</param>
/// <param name="Window">How long traffic is counted while nobody looks.</param>
/// <param name="Moving">How long the balancer moves containers by itself.</param>
internal sealed record Shape(ulong Seed, int Hosts, int Containers, int Looks, TimeSpan Patience, TimeSpan Window, TimeSpan Moving);
