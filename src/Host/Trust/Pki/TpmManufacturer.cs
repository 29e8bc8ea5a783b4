using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;

namespace ActorMigration.Host.Trust.Pki;

/// <summary>The TPM's maker as its endorsement certificate names it (TCG EK credential profile, 3.2.9): <c>id:</c> and eight hex digits.</summary>
internal static class TpmManufacturer
{
    private const string SubjectAltNameOid = "2.5.29.17";
    private const string ManufacturerOid = "2.23.133.2.1";

    /// <summary>GeneralName.directoryName (RFC 5280, 4.2.1.6).</summary>
    private static readonly Asn1Tag DirectoryName = new(TagClass.ContextSpecific, 4, isConstructed: true);

    /// <summary>swtpm and libtpms; TPMs that hypervisors emulate are no different: Microsoft, Google, VMware.</summary>
    private static readonly HashSet<string> SoftwareMakers = new(StringComparer.OrdinalIgnoreCase)
    {
        "id:00001014", "id:4D534654", "id:474F4F47", "id:564D5700", "id:564D5741",
    };

    /// <summary>True also when the certificate names no maker: then nothing says that it is a chip.</summary>
    public static bool IsSoftware(string? manufacturer) => manufacturer is null || SoftwareMakers.Contains(manufacturer);

    /// <summary>Null when the certificate does not say.</summary>
    public static string? Of(X509Certificate2 ek)
    {
        try
        {
            foreach (var extension in ek.Extensions.Where(e => e.Oid?.Value == SubjectAltNameOid))
            {
                var names = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
                while (names.HasData)
                {
                    if (!names.PeekTag().HasSameClassAndValue(DirectoryName))
                    {
                        names.ReadEncodedValue();
                    }
                    else if (In(names.ReadSequence(DirectoryName).ReadSequence()) is { } found)
                    {
                        return found;
                    }
                }
            }
        }
        catch (AsnContentException)
        {
            // A name this does not understand is as good as none: the TPM then counts as software.
        }

        return null;
    }

    private static string? In(AsnReader distinguishedName)
    {
        while (distinguishedName.HasData)
        {
            var relative = distinguishedName.ReadSetOf(skipSortOrderValidation: true);
            while (relative.HasData)
            {
                var attribute = relative.ReadSequence();
                var oid = attribute.ReadObjectIdentifier();
                var tag = attribute.PeekTag();
                if (oid == ManufacturerOid && tag.TagClass == TagClass.Universal)
                {
                    return attribute.ReadCharacterString((UniversalTagNumber)tag.TagValue);
                }
            }
        }

        return null;
    }
}
