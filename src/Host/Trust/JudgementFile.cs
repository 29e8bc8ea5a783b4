using ActorMigration.Actors;
using ActorMigration.Actors.Trust;
using ActorMigration.Contracts;
using Microsoft.Extensions.Logging;

namespace ActorMigration.Host.Trust;

/// <summary>STATE/trust/judgements.json. A file that cannot be read is said, and everybody is judged anew.</summary>
/// <param name="path">The file.</param>
/// <param name="log">Where trouble is said.</param>
internal sealed class JudgementFile(string path, ILogger log) : IJudgementStore
{
    public JudgedHost[] Load()
    {
        try
        {
            return File.Exists(path) ? Checked(TrustFile.ReadJson<Kept>(path, "a file of judgements").Hosts) : [];
        }
        catch (TrustException e)
        {
            log.LogError("What this voter judged before is not known, and it judges everybody anew: {Sentence}", e.Message);
            return [];
        }
    }

    public void Keep(JudgedHost[] judged)
    {
        try
        {
            TrustFile.Write(path, TrustFile.ToJson(new Kept(judged)));
        }
        catch (TrustException e)
        {
            throw new AttemptException(MigrationFailure.Internal, e.Message, e);
        }
    }

    private JudgedHost[] Checked(JudgedHost[] hosts)
        => Array.TrueForAll(hosts, h => h is { Sentence: not null } && HostName.IsValid(h.Host.Value)) ? hosts : throw new TrustException($"{path} is not a file of judgements: it has one of a host without a name");

    private sealed record Kept(JudgedHost[] Hosts);
}
