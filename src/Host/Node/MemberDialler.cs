using ActorMigration.Contracts.Trust;
using Akka.Actor;

namespace ActorMigration.Host.Node;

/// <summary>
/// Dials every member whose name is not known yet, from time to time and some at a time. Who joins is dialled by the seeds and by whom it gossips with only: in a cluster of a hundred hosts that would take minutes until all know all, and until then a console or a balancer has no member of that name.
/// Child of nobody; ends with the actor system.
/// </summary>
internal sealed class MemberDialler : ReceiveActor, IWithTimers
{
    /// <summary>As often as a person looks again whether a host has come up.</summary>
    internal static readonly TimeSpan Every = TimeSpan.FromSeconds(2);

    /// <summary>A TLS handshake costs some milliseconds on both sides: a cluster of a thousand is dialled within a minute.</summary>
    internal const int MostAtOnce = 50;

    private readonly Func<IEnumerable<Address>> _nameless;
    private readonly Action<Address> _dial;
    private Dictionary<Address, int> _tries = [];

    /// <param name="nameless">Addresses of members that are up and reachable and have no name yet.</param>
    /// <param name="dial">Sends something to the trust actor there; whether it comes is seen by the name.</param>
    public MemberDialler(Func<IEnumerable<Address>> nameless, Action<Address> dial)
    {
        (_nameless, _dial) = (nameless, dial);
        Receive<Look>(_ => Dial());
    }

    public ITimerScheduler Timers { get; set; } = null!;

    internal static Props Props(ClusterPeers peers, ActorSystem system)
        => Akka.Actor.Props.Create(() => new MemberDialler(peers.Nameless, address => system.ActorSelection(new RootActorPath(address) / "user" / NodeSupervisor.Name / "trust").Tell(new Hello(), ActorRefs.NoSender)));

    private void Dial()
    {
        _tries = _nameless().ToDictionary(address => address, address => _tries.GetValueOrDefault(address));
        // The least tried first, so that those that cannot be reached do not keep the rest waiting.
        foreach (var address in _tries.Keys.OrderBy(address => _tries[address]).Take(MostAtOnce).ToArray())
        {
            _tries[address]++;
            _dial(address);
        }
    }

    protected override void PreStart() => Timers.StartPeriodicTimer(nameof(Look), Look.Instance, Every, Every);

    /// <summary>Self-message: who has no name?</summary>
    internal sealed record Look : INoSerializationVerificationNeeded
    {
        public static Look Instance { get; } = new();
    }
}
