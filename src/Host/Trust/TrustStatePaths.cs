namespace ActorMigration.Host.Trust;

/// <summary>File names in STATE/trust.</summary>
internal sealed class TrustStatePaths(string stateDirectory)
{
    public string Directory { get; } = Path.Combine(stateDirectory, "trust");

    /// <summary>The request that waits for its certificates.</summary>
    public string Request => Path.Combine(Directory, "request.json");

    /// <summary>Node key of that request; secret.</summary>
    public string PendingKey => Path.Combine(Directory, "node.key.pending");

    /// <summary>Node certificate and key; secret.</summary>
    public string Node => Path.Combine(Directory, "node.pfx");

    public string AkPublic => Path.Combine(Directory, "ak.pub");

    public string AkCertificate => Path.Combine(Directory, "ak.crt");

    public string AttestationCa => Path.Combine(Directory, "attestation-ca.crt");

    public string OwnerCa => Path.Combine(Directory, "owner-ca.crt");

    /// <summary>What this host's voter has found out about others.</summary>
    public string Judgements => Path.Combine(Directory, "judgements.json");

    public string Policy => Path.Combine(Directory, "policy.json");
}
