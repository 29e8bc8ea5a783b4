namespace ActorMigration.Simulator;

/// <summary>SplitMix64: the one source of randomness of a schedule, and of the traces of tests/BalanceSimulator, the same on every machine and in every version of .NET.</summary>
internal sealed class Chance(ulong seed)
{
    private ulong _state = seed;

    /// <summary>The seed of one schedule of a run.</summary>
    public static ulong SeedOf(ulong run, long schedule)
    {
        var chance = new Chance(run);
        chance._state += (ulong)schedule * 0xD1B54A32D192ED03;
        return chance.Next();
    }

    /// <summary>From 0 to one less than <paramref name="limit"/>. The bias of the division is below one in a billion.</summary>
    public int Next(int limit) => (int)((Next() >> 32) * (ulong)limit >> 32);

    /// <summary>From 0 on and below 1, in steps of 2^-53: every step is one that a double can say.</summary>
    public double Share() => (Next() >> 11) * (1.0 / (1UL << 53));

    /// <summary>True once in so many times.</summary>
    public bool Once(int inSoMany) => Next(inSoMany) == 0;

    private ulong Next()
    {
        var z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
