namespace Tpm2Lib;

/// <summary>TPMS_ATTEST. Read exactly, so writing it gives the bytes that were signed.</summary>
public sealed class Attest : TpmStructureBase
{
    public byte[] qualifiedSigner = [];

    public byte[] extraData = [];

    public Attest()
    {
    }

    public Attest(Generated magic, byte[] qualifiedSigner, byte[] extraData, ClockInfo clockInfo, ulong firmwareVersion, IAttestUnion attested)
    {
        this.magic = magic;
        this.qualifiedSigner = qualifiedSigner;
        this.extraData = extraData;
        this.clockInfo = clockInfo;
        this.firmwareVersion = firmwareVersion;
        this.attested = attested;
    }

    public Generated magic { get; set; }

    public ClockInfo? clockInfo { get; set; }

    public ulong firmwareVersion { get; set; }

    public IAttestUnion? attested { get; set; }

    internal override void Transfer(TpmCodec codec)
    {
        magic = (Generated)codec.U32((uint)magic);
        var type = (TpmSt)codec.U16((ushort)(attested?.GetUnionSelector() ?? default));
        qualifiedSigner = codec.Sized16(qualifiedSigner);
        extraData = codec.Sized16(extraData);
        clockInfo = codec.Inline(clockInfo);
        firmwareVersion = codec.U64(firmwareVersion);
        attested = Unions.Attest(codec, type, attested);
    }
}

/// <summary>TPMS_CLOCK_INFO.</summary>
public sealed class ClockInfo : TpmStructureBase
{
    public ClockInfo()
    {
    }

    public ClockInfo(ulong clock, uint resetCount, uint restartCount, byte safe)
    {
        this.clock = clock;
        this.resetCount = resetCount;
        this.restartCount = restartCount;
        this.safe = safe;
    }

    public ulong clock { get; set; }

    public uint resetCount { get; set; }

    public uint restartCount { get; set; }

    public byte safe { get; set; }

    internal override void Transfer(TpmCodec codec)
    {
        clock = codec.U64(clock);
        resetCount = codec.U32(resetCount);
        restartCount = codec.U32(restartCount);
        safe = codec.U8(safe);
    }
}

/// <summary>TPMS_TIME_INFO.</summary>
public sealed class TimeInfo : TpmStructureBase
{
    public ulong time { get; set; }

    public ClockInfo? clockInfo { get; set; }

    internal override void Transfer(TpmCodec codec)
    {
        time = codec.U64(time);
        clockInfo = codec.Inline(clockInfo);
    }
}

/// <summary>TPMS_QUOTE_INFO.</summary>
public sealed class QuoteInfo : TpmStructureBase, IAttestUnion
{
    public PcrSelection[] pcrSelect = [];

    public byte[] pcrDigest = [];

    public QuoteInfo()
    {
    }

    public QuoteInfo(PcrSelection[] pcrSelect, byte[] pcrDigest)
    {
        this.pcrSelect = pcrSelect;
        this.pcrDigest = pcrDigest;
    }

    public TpmSt GetUnionSelector() => TpmSt.AttestQuote;

    internal override void Transfer(TpmCodec codec)
    {
        pcrSelect = codec.List(pcrSelect);
        pcrDigest = codec.Sized16(pcrDigest);
    }
}
