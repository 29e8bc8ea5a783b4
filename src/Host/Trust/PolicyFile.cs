using ActorMigration.Contracts.Trust;
using Microsoft.Extensions.Logging;

namespace ActorMigration.Host.Trust;

/// <summary>
/// STATE/trust/policy.json as it is now: what the operator changes there holds from the next quote on, without a restart. A file that is no policy is said once, and what held before goes on. Thread-safe.
/// </summary>
/// <param name="path">The file.</param>
/// <param name="first">What it held at the start.</param>
/// <param name="log">Where a change, and a file that is none, are said.</param>
public sealed class PolicyFile(string path, AttestationPolicy first, ILogger log)
{
    private readonly Lock _lock = new();
    private AttestationPolicy _policy = first;
    private (DateTime WrittenUtc, long Length) _seen = Look(path);

    /// <summary>Looks at the file's time and length, and reads it when they are not those of before.</summary>
    public AttestationPolicy Current
    {
        get
        {
            lock (_lock)
            {
                if (Look(path) is var now && now != _seen)
                {
                    _seen = now;
                    Read();
                }

                return _policy;
            }
        }
    }

    private void Read()
    {
        try
        {
            var policy = TrustState.ReadPolicy(path);
            if (!policy.Digest().AsSpan().SequenceEqual(_policy.Digest()))
            {
                log.LogInformation("The attestation policy is {Name} from now on, digest {Digest}", policy.Name, Convert.ToHexStringLower(policy.Digest()));
                _policy = policy;
            }
        }
        catch (TrustException e)
        {
            log.LogError("The attestation policy {Name} of before is kept: {Sentence}", _policy.Name, e.Message);
        }
    }

    /// <summary>Of the file itself, also where the operator's tools put a link to it.</summary>
    private static (DateTime WrittenUtc, long Length) Look(string path)
    {
        try
        {
            var file = new FileInfo(path);
            return (file.LinkTarget is null ? file : file.ResolveLinkTarget(returnFinalTarget: true)) is FileInfo { Exists: true } found ? (found.LastWriteTimeUtc, found.Length) : default;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return default;
        }
    }
}
