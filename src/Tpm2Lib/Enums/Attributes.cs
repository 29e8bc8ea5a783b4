namespace Tpm2Lib;

/// <summary>TPMA_OBJECT (Part 2, 8.3).</summary>
[Flags]
public enum ObjectAttr : uint
{
    FixedTPM = 0x2,
    StClear = 0x4,
    FixedParent = 0x10,
    SensitiveDataOrigin = 0x20,
    UserWithAuth = 0x40,
    AdminWithPolicy = 0x80,
    NoDA = 0x400,
    EncryptedDuplication = 0x800,
    Restricted = 0x10000,
    Decrypt = 0x20000,
    Sign = 0x40000,
}

/// <summary>TPMA_NV (Part 2, 13.4). The counter type is bit 4 of the type field.</summary>
[Flags]
public enum NvAttr : uint
{
    Ppwrite = 0x1,
    Ownerwrite = 0x2,
    Authwrite = 0x4,
    Policywrite = 0x8,
    Counter = 0x10,
    Ppread = 0x10000,
    Ownerread = 0x20000,
    Authread = 0x40000,
    Policyread = 0x80000,
    NoDa = 0x2000000,
    Orderly = 0x4000000,
    Written = 0x20000000,
    Platformcreate = 0x40000000,
}

/// <summary>TPMA_SESSION (Part 2, 8.4).</summary>
[Flags]
public enum SessionAttr : byte
{
    None = 0,
    ContinueSession = 0x1,
    AuditExclusive = 0x2,
    AuditReset = 0x4,
    Decrypt = 0x20,
    Encrypt = 0x40,
    Audit = 0x80,
}
