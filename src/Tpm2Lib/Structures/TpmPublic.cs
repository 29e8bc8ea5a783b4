using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Tpm2Lib;

/// <summary>TPMT_PUBLIC: public area of a key, or the template for one.</summary>
public sealed class TpmPublic : TpmStructureBase
{
    public byte[] authPolicy = [];

    public TpmPublic()
    {
    }

    public TpmPublic(TpmAlgId nameAlg, ObjectAttr objectAttributes, byte[] authPolicy, IPublicParmsUnion parameters, IPublicIdUnion unique)
    {
        this.nameAlg = nameAlg;
        this.objectAttributes = objectAttributes;
        this.authPolicy = authPolicy;
        this.parameters = parameters;
        this.unique = unique;
    }

    public TpmAlgId nameAlg { get; set; }

    public ObjectAttr objectAttributes { get; set; }

    public IPublicParmsUnion? parameters { get; set; }

    public IPublicIdUnion? unique { get; set; }

    /// <summary>nameAlg and its hash over the public area: what a credential is bound to.</summary>
    public byte[] GetName()
    {
        var area = GetTpmRepresentation();
        var digest = nameAlg switch
        {
            TpmAlgId.Sha256 => SHA256.HashData(area),
            TpmAlgId.Sha384 => SHA384.HashData(area),
            _ => throw new TssException($"names with hash {nameAlg:X} are not supported"),
        };
        var name = new byte[2 + digest.Length];
        BinaryPrimitives.WriteUInt16BigEndian(name, (ushort)nameAlg);
        digest.CopyTo(name, 2);
        return name;
    }

    internal override void Transfer(TpmCodec codec)
    {
        var type = codec.Algorithm(parameters?.GetUnionSelector() ?? default);
        nameAlg = codec.Algorithm(nameAlg);
        objectAttributes = (ObjectAttr)codec.U32((uint)objectAttributes);
        authPolicy = codec.Sized16(authPolicy);
        parameters = Unions.PublicParms(codec, type, parameters);
        unique = Unions.PublicId(codec, type, unique);
    }
}
