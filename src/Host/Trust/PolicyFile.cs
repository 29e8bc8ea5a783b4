using System.Text;
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
    private byte[]? _seen;
    private string _trouble = "";

    /// <summary>Reads the file, a few KB: its time and length may be the same when one digest is exchanged for another.</summary>
    public AttestationPolicy Current
    {
        get
        {
            lock (_lock)
            {
                try
                {
                    var bytes = TrustFile.Read(path);
                    if (_seen is null || !bytes.AsSpan().SequenceEqual(_seen))
                    {
                        _seen = bytes;
                        Take(TrustState.ParsePolicy(Encoding.UTF8.GetString(bytes), path));
                    }

                    _trouble = "";
                }
                catch (TrustException e)
                {
                    Say(e.Message);
                }

                return _policy;
            }
        }
    }

    private void Take(AttestationPolicy policy)
    {
        if (!policy.Digest().AsSpan().SequenceEqual(_policy.Digest()))
        {
            log.LogInformation("The attestation policy is {Name} from now on, digest {Digest}", policy.Name, Convert.ToHexStringLower(policy.Digest()));
            _policy = policy;
        }
    }

    private void Say(string sentence)
    {
        if (_trouble != sentence)
        {
            _trouble = sentence;
            log.LogError("The attestation policy {Name} of before is kept: {Sentence}", _policy.Name, sentence);
        }
    }
}
