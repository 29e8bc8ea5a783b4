using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;
using ActorMigration.Contracts.Trust;

namespace ActorMigration.Actors.Trust.Verification;

/// <summary>The URIs of a certificate's subject alternative name, which .NET does not list.</summary>
internal static class SubjectUris
{
    private const string SubjectAltNameOid = "2.5.29.17";

    /// <summary>GeneralName.uniformResourceIdentifier (RFC 5280, 4.2.1.6).</summary>
    private static readonly Asn1Tag Uri = new(TagClass.ContextSpecific, 6);

    /// <summary>Throws <see cref="RuleViolation"/> for an extension that is not well formed.</summary>
    public static IReadOnlyList<string> Of(X509Certificate2 certificate)
    {
        var found = new List<string>();
        try
        {
            foreach (var extension in certificate.Extensions.Where(e => e.Oid?.Value == SubjectAltNameOid))
            {
                var reader = new AsnReader(extension.RawData, AsnEncodingRules.DER);
                var names = reader.ReadSequence();
                reader.ThrowIfNotEmpty();
                while (names.HasData)
                {
                    if (names.PeekTag().HasSameClassAndValue(Uri))
                    {
                        found.Add(names.ReadCharacterString(UniversalTagNumber.IA5String, Uri));
                    }
                    else
                    {
                        names.ReadEncodedValue();
                    }
                }
            }
        }
        catch (AsnContentException)
        {
            throw new RuleViolation(AttestationRule.NotAnAkCertificate, "the alternative names of its AK certificate are not well formed");
        }

        return found;
    }
}
