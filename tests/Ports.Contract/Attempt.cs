using ActorMigration.Actors;
using ActorMigration.Actors.Streaming;
using ActorMigration.Contracts;

namespace ActorMigration.Ports.Contract;

/// <summary>One attempt as both sides' actors drive it, step by step, without the actors: each method goes on from where the one before ended.</summary>
internal sealed class Attempt
{
    private readonly IPortLab _lab;
    private readonly IPortHost _from;
    private readonly IPortHost _to;

    private Attempt(IPortLab lab, IPortHost from, IPortHost to, Fence fence, AttemptId id, ISourceAttempt source, IDestinationAttempt destination)
    {
        _lab = lab;
        _from = from;
        _to = to;
        Fence = fence;
        Id = id;
        Source = source;
        Destination = destination;
    }

    internal AttemptId Id { get; }

    internal Fence Fence { get; }

    internal ContainerName Container => _lab.Spec.Name;

    internal ISourceAttempt Source { get; private set; }

    internal IDestinationAttempt Destination { get; private set; }

    internal DataEndpoint Endpoint { get; private set; } = null!;

    internal Manifest Manifest { get; private set; } = null!;

    /// <summary>What the container had counted when it was frozen.</summary>
    internal long FrozenCount { get; private set; }

    internal static Attempt Open(IPortLab lab, IPortHost from, IPortHost to, Fence fence, bool verifyMemory = false)
    {
        var id = AttemptId.New();
        var source = from.Sources.Open(id, lab.Spec.Name, fence, verifyMemory);
        return new Attempt(lab, from, to, fence, id, source, to.Destinations.Open(id, lab.Spec.Name, fence, source.KeyDigest));
    }

    internal async Task<PrepareOrder> OrderAsync() => new(await Source.SurveyAsync(CancellationToken.None), _from.Name);

    internal async Task PrepareAsync() => Endpoint = await Destination.PrepareAsync(await OrderAsync(), CancellationToken.None);

    internal async Task ConnectAsync()
    {
        await PrepareAsync();
        await Source.ConnectAsync(Endpoint, CancellationToken.None);
        var credits = new StreamCredits();
        credits.RaiseTo(long.MaxValue);
        Source.Pump.Start(credits, static _ => { });
    }

    internal async Task PreCopyAsync()
    {
        await ConnectAsync();
        await Source.RunRoundAsync(0, CancellationToken.None);
        await Source.RunRoundAsync(1, CancellationToken.None);
    }

    internal async Task UnplugAsync()
    {
        await PreCopyAsync();
        await Source.FreezeAsync();
        FrozenCount = await _from.CountAsync();
        await Source.UnplugAsync();
        await Destination.ClaimAddressAsync();
    }

    internal async Task CopyFrozenAsync()
    {
        await UnplugAsync();
        Manifest = (await Source.CopyFrozenAsync(CancellationToken.None)).Manifest;
    }

    internal async Task<GateReport> ToGateAsync()
    {
        await CopyFrozenAsync();
        return await Destination.RestoreToGateAsync(Manifest, CancellationToken.None);
    }

    /// <summary>All that follows DEST, on both sides.</summary>
    internal async Task CompleteAsync()
    {
        await Destination.OpenGateAsync(Certificate(Verdict.Dest));
        await Source.KillAsync();
        await Destination.AwaitFillAsync(CancellationToken.None);
        await Destination.CleanAsync(Verdict.Dest);
        await Source.CleanAsync(Verdict.Dest);
    }

    /// <summary>A certificate's signatures are checked before a port sees it: none are needed here.</summary>
    internal VerdictCertificate Certificate(Verdict value) => new(new RegisterId(Container, Fence, Id), value, []);

    /// <summary>The source's daemon dies and another takes the attempt up.</summary>
    internal async Task RestartSourceAsync()
    {
        await _from.RestartAsync();
        Source = _from.Sources.Adopt(Id, Container, Fence);
    }

    /// <summary>The destination's daemon dies and another takes the attempt up.</summary>
    internal async Task RestartDestinationAsync()
    {
        await _to.RestartAsync();
        Destination = _to.Destinations.Adopt(Id, Container, Fence);
    }
}
