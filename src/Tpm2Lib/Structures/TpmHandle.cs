namespace Tpm2Lib;

/// <summary>A handle, with the authorisation value that commands on it use. Equal by number only: numbers are used again after a flush.</summary>
public sealed class TpmHandle : TpmStructureBase, IEquatable<TpmHandle>
{
    private const int TypeShift = 24;

    public TpmHandle()
    {
    }

    public TpmHandle(uint handle) => this.handle = handle;

    public TpmHandle(TpmRh reservedHandle) => handle = (uint)reservedHandle;

    public TpmHandle(Ht handleType, uint index) => handle = ((uint)handleType << TypeShift) + index;

    public uint handle { get; set; }

    /// <summary>Password of the entity; empty unless set.</summary>
    public byte[] Auth { get; set; } = [];

    public static implicit operator TpmHandle(TpmRh reservedHandle) => new(reservedHandle);

    public static bool operator ==(TpmHandle? left, TpmHandle? right) => left?.handle == right?.handle;

    public static bool operator !=(TpmHandle? left, TpmHandle? right) => !(left == right);

    public static TpmHandle Pcr(int pcrIndex) => new(Ht.Pcr, (uint)pcrIndex);

    public bool Equals(TpmHandle? other) => this == other;

    public override bool Equals(object? obj) => obj is TpmHandle other && this == other;

    public override int GetHashCode() => handle.GetHashCode();

    public override string ToString() => $"0x{handle:X8}";

    internal override void Transfer(TpmCodec codec) => handle = codec.U32(handle);
}
