using ActorMigration.Actors;
using ActorMigration.Contracts;

namespace ActorMigration.Simulator;

/// <summary>
/// Schedules in which a majority of the hosts is switched off while a container stands, and operators give it to a side: once, again, to the other side, two at once, while daemons crash and hosts come
/// back. Who runs a command says which hosts are off as it is, and sees to it that they stay so until it has ended.
/// </summary>
internal sealed partial class Schedule
{
    /// <summary>Draws which schedules these are, apart from all that they draw.</summary>
    private const ulong Operators = 0x6F70657261746F72;

    private const int OneInOfTheOperator = 5;

    /// <summary>Steps of a storm before hosts are switched off: more, and most attempts have ended by then.</summary>
    private const int MostStepsBefore = 24;

    /// <summary>Orders that give the container to nobody: mostly wrong, as something of it is left.</summary>
    private const int OneInToNobody = 6;

    private readonly bool _isOfTheOperator;
    private int _orders;
    private int _switches;
    private Verdict _wish;

    /// <summary>Their disks are as they were: what a voter that has lost its memory does is another kind of schedule.</summary>
    private void PrepareOperator()
    {
        _disks = _creations = 0;
        _lostHosts = _chance.Once(8) ? 1 : 0;
        _crashes++;
        _orders = 2 + _chance.Next(4);
        _switches = _chance.Next(3);
        _wish = AnyVerdict();
    }

    private Verdict AnyVerdict() => _chance.Once(2) ? Verdict.Source : Verdict.Dest;

    /// <summary>Hosts go off until no majority is there, seldom those on which something stands; then the first order is given, and what follows is a storm.</summary>
    private void LoseMajority()
    {
        var off = VerdictCheck.Majority(Voters) - (_chance.Once(6) ? 1 : 0);
        for (var tries = 0; tries < Voters * 4 && off > Off(); tries++)
        {
            var host = _chance.Next(Voters);
            if (_world.Hosts[host] is { IsOff: false, IsLost: false, Tree: var tree } && (tree == Tree.None || _chance.Once(8)))
            {
                SwitchOff(host);
            }
        }

        Storm(_chance.Next(40));
        for (var orders = _chance.Once(3) ? 2 : 1; orders > 0; orders--)
        {
            Order();
            Storm(_chance.Next(4));
        }

        Storm(_chance.Next(160));
    }

    private bool OperatorStep()
    {
        switch (_chance.Next(60))
        {
            case < 3 when _orders > 0 && Off() > 0:
                Order();
                return true;
            case 3 when First(static h => h is { IsOff: true, Fencing: 0 }) is var off and >= 0:
                Do(new Step(StepKind.SwitchOn) { Host = off });
                return true;
            case 4 when _switches > 0:
                _switches--;
                SwitchOff(_chance.Next(Voters));
                return true;
            case 5 when _world.IsBeingResolved && _crashes > 0:
                // In the middle of what was promised and consented.
                _crashes--;
                Do(new Step(StepKind.Crash) { Host = _chance.Next(Voters), Mask = _chance.Next(AllBits) });
                return true;
            default:
                return false;
        }
    }

    private int Off() => _world.Hosts.Count(static h => h.IsOff || h.IsLost);

    private void SwitchOff(int host) => Do(new Step(StepKind.SwitchOff) { Host = host, Mask = _chance.Next(AllBits) });

    /// <summary>On a host that is there, mostly one that is a side.</summary>
    private void Order()
    {
        _orders--;
        _wish = _chance.Once(2) ? AnyVerdict() : _wish;
        var able = _world.Hosts.Where(h => h is { IsUp: true, IsStarting: false } && (h.Sides.Count > 0 || _chance.Once(4))).ToArray();
        if (able.Length > 0)
        {
            Do(new Step(StepKind.Resolve) { Host = able[_chance.Next(able.Length)].Index, Number = _chance.Once(OneInToNobody) ? 0 : (int)_wish });
        }
    }
}
