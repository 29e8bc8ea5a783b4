using ActorMigration.Contracts.Trust;

namespace ActorMigration.Contracts.Tests.Trust;

public sealed class AttestationPolicySpec
{
    private static readonly string A = new('a', 64);
    private static readonly string B = new('b', 64);

    private static string Json(string pcrs, string rest = "\"allowSoftwareTpm\": false, \"maxEvidenceAgeSeconds\": 5")
        => $$"""{ "name": "p", {{rest}}, "pcrs": { {{pcrs}} } }""";

    private static string Refused(string json) => Assert.Throws<AttestationPolicyException>(() => AttestationPolicyJson.Parse(json)).Message;

    [Fact]
    public void File_is_read_and_written_back_the_same()
    {
        var policy = AttestationPolicyJson.Parse(Json($"\"16\": [\"{B}\", \"{A.ToUpperInvariant()}\"], \"0\": [\"{A}\"]"));

        Assert.Equal([0, 16], policy.QuotedPcrs);
        Assert.Equal([A, B], policy.Pcrs[16]);
        Assert.Equal(policy.Digest(), AttestationPolicyJson.Parse(AttestationPolicyJson.Format(policy)).Digest());
    }

    [Fact]
    public void Digest_is_of_what_the_policy_says_and_not_of_its_layout()
    {
        var digest = AttestationPolicyJson.Parse(Json($"\"0\": [\"{A}\"], \"1\": [\"{A}\", \"{B}\"]")).Digest();

        Assert.Equal(digest, AttestationPolicyJson.Parse(Json($"\"1\":[\"{B}\",\"{A}\"],\"0\":[\"{A}\"]")).Digest());
        string[] others =
        [
            Json($"\"0\": [\"{A}\", \"{B}\"], \"1\": [\"{A}\"]"),
            Json($"\"0\": [\"{A}\"], \"2\": [\"{A}\", \"{B}\"]"),
            Json($"\"0\": [\"{A}\"], \"1\": [\"{A}\", \"{B}\"]", "\"allowSoftwareTpm\": true, \"maxEvidenceAgeSeconds\": 5"),
            Json($"\"0\": [\"{A}\"], \"1\": [\"{A}\", \"{B}\"]", "\"allowSoftwareTpm\": false, \"maxEvidenceAgeSeconds\": 6"),
            Json($"\"0\": [\"{A}\"], \"1\": [\"{A}\", \"{B}\"]").Replace("\"p\"", "\"q\"", StringComparison.Ordinal),
        ];
        Assert.All(others, other => Assert.NotEqual(digest, AttestationPolicyJson.Parse(other).Digest()));
    }

    [Fact]
    public void Keys_that_are_revoked_are_part_of_what_the_policy_says()
    {
        var plain = AttestationPolicyJson.Parse(Json($"\"0\": [\"{A}\"]"));
        var revoking = AttestationPolicyJson.Parse(Json($"\"0\": [\"{A}\"]", $"\"revoked\": [\"{B}\", \"{A.ToUpperInvariant()}\"], \"allowSoftwareTpm\": false, \"maxEvidenceAgeSeconds\": 5"));

        Assert.Empty(plain.Revoked);
        Assert.Equal([A, B], revoking.Revoked);
        Assert.NotEqual(plain.Digest(), revoking.Digest());
        Assert.NotEqual(revoking.Digest(), (revoking with { Revoked = [A] }).Digest());
        Assert.Equal(revoking.Digest(), AttestationPolicyJson.Parse(AttestationPolicyJson.Format(revoking)).Digest());
        Assert.DoesNotContain("revoked", AttestationPolicyJson.Format(plain), StringComparison.Ordinal);
        Assert.Contains("revokes \"abc\"", Refused(Json($"\"0\": [\"{A}\"]", "\"revoked\": [\"abc\"], \"allowSoftwareTpm\": false, \"maxEvidenceAgeSeconds\": 5")));
        Assert.Contains("revokes", Refused(Json($"\"0\": [\"{A}\"]", "\"revoked\": [null], \"allowSoftwareTpm\": false, \"maxEvidenceAgeSeconds\": 5")));
    }

    [Fact]
    public void Policy_that_would_compare_nothing_is_refused()
    {
        Assert.Contains("compare nothing", Refused(Json("")));
        Assert.Contains("allows no value of PCR 0", Refused(Json("\"0\": []")));
    }

    [Fact]
    public void Wrong_values_are_named()
    {
        Assert.Contains("\"24\"", Refused(Json($"\"24\": [\"{A}\"]")));
        Assert.Contains("\"-1\"", Refused(Json($"\"-1\": [\"{A}\"]")));
        Assert.Contains("twice", Refused(Json($"\"1\": [\"{A}\"], \"01\": [\"{A}\"]")));
        Assert.Contains("\"abc\"", Refused(Json("\"0\": [\"abc\"]")));
        Assert.Contains("not a SHA-256", Refused(Json($"\"0\": [\"{new string('g', 64)}\"]")));
        Assert.Contains("maxEvidenceAgeSeconds", Refused(Json($"\"0\": [\"{A}\"]", "\"allowSoftwareTpm\": false, \"maxEvidenceAgeSeconds\": 0")));
        Assert.Contains("maxEvidenceAgeSeconds", Refused(Json($"\"0\": [\"{A}\"]", "\"allowSoftwareTpm\": false, \"maxEvidenceAgeSeconds\": 3601")));
    }

    [Theory]
    [InlineData("null")]
    [InlineData("")]
    [InlineData("""{ "name": "p" }""")]
    [InlineData("""{ "name": "p", "allowSoftwareTpm": false, "maxEvidenceAgeSeconds": 5, "pcrs": {}, "extra": 1 }""")]
    [InlineData("""{ "name": null, "allowSoftwareTpm": false, "maxEvidenceAgeSeconds": 5, "pcrs": {} }""")]
    [InlineData("""{ "name": "", "allowSoftwareTpm": false, "maxEvidenceAgeSeconds": 5, "pcrs": {} }""")]
    [InlineData("""{ "name": "p", "name": "q", "allowSoftwareTpm": false, "maxEvidenceAgeSeconds": 5, "pcrs": {} }""")]
    [InlineData("""{ "name": "p", "allowSoftwareTpm": false, "maxEvidenceAgeSeconds": 5, "pcrs": { "0": null } }""")]
    public void File_that_is_no_policy_is_refused(string json) => Refused(json);
}
