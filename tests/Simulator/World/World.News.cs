using ActorMigration.Actors;
using ActorMigration.Contracts;

namespace ActorMigration.Simulator;

/// <summary>How hosts hear of the operator's verdicts: the production <see cref="ResolutionNews"/>, at the start of a daemon and from then on.</summary>
internal sealed partial class World
{
    /// <summary>From the first host that is switched off, or order of an operator, on: before that there is nothing to hear.</summary>
    private bool _isResolving;

    private void BeginResolving()
    {
        if (_isResolving)
        {
            return;
        }

        _isResolving = true;
        foreach (var host in _hosts.Where(static h => h.IsUp))
        {
            GoOn(() => _errands.Add(NewsOf(host, new ErrandClock(this, host)).RunAsync(sentence => Trace?.Invoke($"{host.Name}: {sentence}"), CancellationToken.None)));
        }
    }

    private ResolutionNews NewsOf(SimulatedHost host, ErrandClock clock) => new(host.Name, host.Seat, new Client(this, host, run: 0), NoTimes, clock);

    private void CatchUp(SimulatedHost host)
    {
        host.IsStarting = true;
        GoOn(() => _errands.Add(CatchUpAsync(host)));
    }

    /// <summary>As a daemon's start: nothing is taken up before it has heard what it can.</summary>
    private async Task CatchUpAsync(SimulatedHost host)
    {
        var clock = new ErrandClock(this, host);
        var news = NewsOf(host, clock);
        var poll = new VoterPoll(new Client(this, host, run: 0), _voters, NoTimes, clock);
        await news.CatchUpAsync(
            poll, host.Boot != host.NotedBoot ? ResolutionNews.Awaited(host.Journal) : [], isFounder: false, sentence => Trace?.Invoke($"{host.Name}: {sentence}"), CancellationToken.None).ConfigureAwait(false);
        (host.NotedBoot, host.IsStarting) = (host.Boot, false);
        TakeUp(host);
        await news.RunAsync(sentence => Trace?.Invoke($"{host.Name}: {sentence}"), CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>A wait begins. One of a daemon that has nobody to tell anything, or has told all that there are again and again, is none before that changes.</summary>
    private void Wait(SimulatedHost host, Pending.Tick tick)
    {
        if (host.IsStarting || (HasNews(host) && host.RoundsTold < MostRounds))
        {
            _pending.Add(tick);
        }
        else
        {
            host.Rest = tick;
        }
    }

    private void Pass(Pending.Tick tick)
    {
        tick.Owner!.RoundsTold++;
        GoOn(tick.Passed);
    }

    private void WakeNews(SimulatedHost host)
    {
        if (host.Rest is { } tick && HasNews(host) && host.RoundsTold < MostRounds)
        {
            host.Rest = null;
            _pending.Add(tick);
        }
    }

    private static bool HasNews(SimulatedHost host) => host.Seat.Resolutions().Any(static kept => kept.Untold.Any());

    /// <summary>The voter's word to its own host's attempt; before the actors are there an attempt finds it at its voter.</summary>
    private void HearResolved(SimulatedHost host, VerdictCertificate certificate)
    {
        if (host is { IsUp: true, IsStarting: false })
        {
            Tell(host, certificate.Register.Attempt, new AttemptEvent.Received(new VerdictReached(certificate.Register.Attempt, certificate.Register.Fence, certificate)));
        }
    }
}
