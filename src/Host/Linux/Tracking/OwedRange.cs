namespace ActorMigration.Host.Linux.Tracking;

/// <summary>Pages that could not be scanned or read in a round. They are sent in a later one, or end the attempt at the freeze; never taken as done.</summary>
/// <param name="Start">First address.</param>
/// <param name="End">Address behind the last byte.</param>
/// <param name="Call">What failed, for example PAGEMAP_SCAN.</param>
/// <param name="Errno">Its error number.</param>
public readonly record struct OwedRange(ulong Start, ulong End, string Call, int Errno)
{
    public override string ToString() => new LinuxException(Call, $"0x{Start:x}-0x{End:x}", Errno).Message;
}
