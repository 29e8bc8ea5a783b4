namespace Tpm2Lib;

/// <summary>TPMT_HA: hash algorithm and a digest of its size.</summary>
public sealed class TpmHash : TpmStructureBase
{
    public byte[] digest = [];

    public TpmHash()
    {
    }

    public TpmHash(TpmAlgId hashAlg, byte[] digest)
    {
        HashAlg = hashAlg;
        this.digest = digest;
    }

    public TpmAlgId HashAlg { get; set; }

    internal override void Transfer(TpmCodec codec)
    {
        HashAlg = codec.Algorithm(HashAlg);
        var size = HashAlg switch
        {
            TpmAlgId.Sha256 => 32,
            TpmAlgId.Sha384 => 48,
            _ => throw new TssException($"digests of hash {HashAlg:X} are not supported"),
        };
        if (!codec.Reading && digest.Length != size)
        {
            throw new ArgumentException($"a digest of {HashAlg} has {size} bytes, not {digest.Length}");
        }

        digest = codec.Fixed(digest, size);
    }
}

/// <summary>TPM2B_DIGEST.</summary>
public sealed class Tpm2bDigest : TpmStructureBase
{
    public byte[] buffer = [];

    public Tpm2bDigest()
    {
    }

    public Tpm2bDigest(byte[] buffer) => this.buffer = buffer;

    internal override void Transfer(TpmCodec codec) => buffer = codec.Sized16(buffer);
}
