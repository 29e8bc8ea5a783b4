namespace ActorMigration.Host.Stream;

/// <summary>Bounds of the data plane's listener, each against peers that are slow, many or hostile.</summary>
public static class DataPlaneLimits
{
    /// <summary>Handshakes and hellos under way at once; a further connection is closed at once. An attempt opens about four.</summary>
    public const int MaxOpenHandshakes = 64;

    /// <summary>Connections waiting in the kernel for accept.</summary>
    public const int Backlog = 128;

    /// <summary>From accept to an accepted hello: two round trips and two signatures take well under a second on any link.</summary>
    public static readonly TimeSpan HandshakeDeadline = TimeSpan.FromSeconds(10);

    /// <summary>Connections of one attempt at once, all kinds together.</summary>
    public const int MaxConnectionsPerAttempt = 16;
}
