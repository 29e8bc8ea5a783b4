namespace ActorMigration.Host.Linux.Criu;
internal static class DumpObstacles { internal static void Refuse(ActorMigration.Contracts.ContainerName n, int[] p) { _ = (n, p); } }
