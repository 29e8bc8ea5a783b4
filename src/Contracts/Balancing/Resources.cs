namespace ActorMigration.Contracts;

/// <summary>Amounts of what containers share on a host. Finite and not negative where a load monitor makes them; differences may be negative.</summary>
/// <param name="Cpu">Cores, or core seconds per second.</param>
/// <param name="Memory">Bytes.</param>
/// <param name="Disk">Bytes per second.</param>
/// <param name="Network">Bytes per second.</param>
public readonly record struct Resources(double Cpu, double Memory, double Disk, double Network)
{
    /// <summary>How many kinds there are.</summary>
    public const int Kinds = 4;

    /// <summary>The amount of one kind, in the order of the parameters.</summary>
    public double this[int kind] => kind switch { 0 => Cpu, 1 => Memory, 2 => Disk, 3 => Network, _ => throw new ArgumentOutOfRangeException(nameof(kind)) };

    /// <summary>True when every amount is a number from 0 on.</summary>
    public bool IsAmount => double.IsFinite(Cpu) && double.IsFinite(Memory) && double.IsFinite(Disk) && double.IsFinite(Network) && Math.Min(Math.Min(Cpu, Memory), Math.Min(Disk, Network)) >= 0;

    public static Resources operator +(Resources a, Resources b) => new(a.Cpu + b.Cpu, a.Memory + b.Memory, a.Disk + b.Disk, a.Network + b.Network);

    public static Resources operator -(Resources a, Resources b) => new(a.Cpu - b.Cpu, a.Memory - b.Memory, a.Disk - b.Disk, a.Network - b.Network);
}
