using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ActorMigration.Contracts.Trust;

/// <summary>A policy file that says something else than a policy. The message is one sentence for the operator.</summary>
public sealed class AttestationPolicyException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>
/// The file form of <see cref="AttestationPolicy"/>; described in docs/attestation.md. Strict: unknown or doubled keys, PCRs out of
/// range, values that are no SHA-256 and empty lists are errors, as a policy that compares nothing would accept everything.
/// </summary>
public static class AttestationPolicyJson
{
    /// <summary>Bytes. A file with 24 PCRs and a hundred values each has 170 KB.</summary>
    public const int MaxBytes = 1024 * 1024;

    private const int Sha256HexDigits = 64;

    /// <summary>Longest age a policy may allow. Beyond an hour a quote says nothing about now.</summary>
    private static readonly TimeSpan LongestAge = TimeSpan.FromHours(1);

    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true,
        AllowDuplicateProperties = false,
        WriteIndented = true,
    };

    /// <summary>Reads a policy. Throws <see cref="AttestationPolicyException"/>.</summary>
    public static AttestationPolicy Parse(string json)
    {
        FileForm file;
        try
        {
            file = JsonSerializer.Deserialize<FileForm>(json, Options) ?? throw new AttestationPolicyException("the policy is the word null");
        }
        catch (JsonException e)
        {
            throw new AttestationPolicyException($"the policy is not well formed: {e.Message}", e);
        }

        var age = file.MaxEvidenceAgeSeconds;
        if (!double.IsFinite(age) || age <= 0 || age > LongestAge.TotalSeconds)
        {
            throw new AttestationPolicyException($"maxEvidenceAgeSeconds of policy {file.Name} is not between 0 and {LongestAge.TotalSeconds:0}");
        }

        if (file.Name.Length == 0)
        {
            throw new AttestationPolicyException("the policy has no name");
        }

        if (file.Pcrs.Count == 0)
        {
            throw new AttestationPolicyException($"policy {file.Name} lists no PCR: it would compare nothing and accept every host");
        }

        var pcrs = ImmutableSortedDictionary.CreateBuilder<int, ImmutableSortedSet<string>>();
        foreach (var (key, values) in file.Pcrs)
        {
            pcrs.Add(ParseIndex(key, file.Name, pcrs), [.. ParseValues(key, values, file.Name)]);
        }

        return new AttestationPolicy(file.Name, file.AllowSoftwareTpm, TimeSpan.FromSeconds(age), [.. ParseRevoked(file.Revoked ?? [], file.Name)], pcrs.ToImmutable());
    }

    /// <summary>Writes the form that <see cref="Parse"/> reads.</summary>
    public static string Format(AttestationPolicy policy)
    {
        var pcrs = policy.Pcrs.ToDictionary(p => p.Key.ToString(CultureInfo.InvariantCulture), p => p.Value.ToArray());
        return JsonSerializer.Serialize(
            new FileForm(policy.Name, policy.AllowSoftwareTpm, policy.MaxEvidenceAge.TotalSeconds, pcrs) { Revoked = policy.Revoked.IsEmpty ? null : [.. policy.Revoked] }, Options) + "\n";
    }

    private static IEnumerable<string> ParseRevoked(string[] fingerprints, string policy)
        => fingerprints.Select(one => IsSha256(one) ? one.ToLowerInvariant()
            : throw new AttestationPolicyException($"policy {policy} revokes \"{one}\", which is not the SHA-256 of an attestation key in hex"));

    private static bool IsSha256(string? text) => text is { Length: Sha256HexDigits } && text.All(char.IsAsciiHexDigit);

    private static int ParseIndex(string key, string policy, ImmutableSortedDictionary<int, ImmutableSortedSet<string>>.Builder seen)
    {
        if (!int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out var index) || index > PcrValue.MaxIndex)
        {
            throw new AttestationPolicyException($"policy {policy} names PCR \"{key}\", which is not a number from 0 to {PcrValue.MaxIndex}");
        }

        return seen.ContainsKey(index)
            ? throw new AttestationPolicyException($"policy {policy} names PCR {index} twice")
            : index;
    }

    private static IEnumerable<string> ParseValues(string pcr, string[]? values, string policy)
    {
        if (values is not { Length: > 0 })
        {
            throw new AttestationPolicyException($"policy {policy} allows no value of PCR {pcr}: no host could pass");
        }

        foreach (var value in values)
        {
            if (!IsSha256(value))
            {
                throw new AttestationPolicyException($"policy {policy} lists \"{value}\" for PCR {pcr}, which is not a SHA-256 in hex");
            }

            yield return value.ToLowerInvariant();
        }
    }

    private sealed record FileForm(string Name, bool AllowSoftwareTpm, double MaxEvidenceAgeSeconds, Dictionary<string, string[]> Pcrs)
    {
        /// <summary>May be missing: then nothing is revoked.</summary>
        [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        public string[]? Revoked { get; init; }
    }
}
