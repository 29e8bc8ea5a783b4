namespace Tpm2Lib;

/// <summary>TPM_ALG_ID (TPM 2.0 Part 2, 6.3).</summary>
public enum TpmAlgId : ushort
{
    Rsa = 0x0001,
    Aes = 0x0006,
    Sha256 = 0x000B,
    Sha384 = 0x000C,
    Null = 0x0010,
    Ecdsa = 0x0018,
    Ecc = 0x0023,
    Cfb = 0x0043,
}

/// <summary>TPM_ECC_CURVE (Part 2, 6.4).</summary>
public enum EccCurve : ushort
{
    TpmEccNistP256 = 0x0003,
    TpmEccNistP384 = 0x0004,
}

/// <summary>TPM_CC (Part 2, 6.5.2): the commands of <see cref="Tpm2"/>.</summary>
public enum TpmCc : uint
{
    NvUndefineSpace = 0x122,
    NvDefineSpace = 0x12A,
    CreatePrimary = 0x131,
    NvIncrement = 0x134,
    PcrReset = 0x13D,
    Startup = 0x144,
    Shutdown = 0x145,
    ActivateCredential = 0x147,
    NvRead = 0x14E,
    PolicySecret = 0x151,
    Quote = 0x158,
    FlushContext = 0x165,
    NvReadPublic = 0x169,
    ReadPublic = 0x173,
    StartAuthSession = 0x176,
    GetCapability = 0x17A,
    GetRandom = 0x17B,
    PcrRead = 0x17E,
    ReadClock = 0x181,
    PcrExtend = 0x182,
}

/// <summary>TPM_GENERATED (Part 2, 6.2).</summary>
public enum Generated : uint
{
    Value = 0xFF544347,
}

/// <summary>TPM_ST (Part 2, 6.9).</summary>
public enum TpmSt : ushort
{
    NoSessions = 0x8001,
    Sessions = 0x8002,
    AttestQuote = 0x8018,
    Creation = 0x8021,
    AuthSecret = 0x8023,
}

/// <summary>TPM_SU (Part 2, 6.10).</summary>
public enum Su : ushort
{
    Clear = 0,
    State = 1,
}

/// <summary>TPM_SE (Part 2, 6.11).</summary>
public enum TpmSe : byte
{
    Hmac = 0,
    Policy = 1,
    Trial = 3,
}

/// <summary>TPM_CAP (Part 2, 6.12).</summary>
public enum Cap : uint
{
    Handles = 1,
    TpmProperties = 6,
}

/// <summary>TPM_PT (Part 2, 6.13).</summary>
public enum Pt : uint
{
    Manufacturer = 0x105,
    NvBufferMax = 0x12C,
}

/// <summary>TPM_HT (Part 2, 7.2).</summary>
public enum Ht : byte
{
    Pcr = 0x00,
    NvIndex = 0x01,
    LoadedSession = 0x02,
    SavedSession = 0x03,
    Permanent = 0x40,
    Transient = 0x80,
    Persistent = 0x81,
}

/// <summary>TPM_RH (Part 2, 7.4).</summary>
public enum TpmRh : uint
{
    Owner = 0x40000001,
    Null = 0x40000007,
    Pw = 0x40000009,
    Lockout = 0x4000000A,
    Endorsement = 0x4000000B,
    Platform = 0x4000000C,
}

/// <summary>How <see cref="Tpm2"/> behaves; there is one way.</summary>
public enum Behavior
{
    Default = 0,
}
