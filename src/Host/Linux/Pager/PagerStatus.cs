using System.Text.Json;
using System.Text.Json.Serialization;

namespace ActorMigration.Host.Linux.Pager;

/// <summary>
/// State of a pager (or of the keeper that took over from it), as one line of JSON on its control socket and as
/// <c>pager.status.json</c> in its work directory, replaced atomically at each change of phase.
/// </summary>
/// <param name="Phase">How far it is.</param>
/// <param name="ByKeeper">True when the keeper took over after the pager's death.</param>
/// <param name="Pid">Of the process that says this.</param>
/// <param name="Processes">Restored processes with memory.</param>
/// <param name="Held">Userfaultfds of which the keeper holds a duplicate.</param>
/// <param name="KeeperAlive">False once the keeper is gone: the fill goes on, unguarded but for the twin.</param>
/// <param name="PagesTotal">Pages to bring, those of forked children counted anew.</param>
/// <param name="PagesFilled">Pages that are in.</param>
/// <param name="PagesDiscarded">Pages that their program discarded before they came.</param>
/// <param name="PagesUnmapped">Pages that lost their mapping without a word of the kernel; 0 is expected.</param>
/// <param name="Faults">Page faults that were served.</param>
/// <param name="ZeroFaults">Those of them that were answered with a zero page, for memory that holds nothing.</param>
/// <param name="Forks">Children that were forked during the fill.</param>
/// <param name="FillMilliseconds">From the order to fill until now, or to the end.</param>
/// <param name="Failure">Sentence for the operator in <see cref="PagerPhase.Failed"/>, else null.</param>
public sealed record PagerStatus(
    PagerPhase Phase,
    bool ByKeeper,
    int Pid,
    int Processes,
    int Held,
    bool KeeperAlive,
    long PagesTotal,
    long PagesFilled,
    long PagesDiscarded,
    long PagesUnmapped,
    long Faults,
    long ZeroFaults,
    long Forks,
    long FillMilliseconds,
    string? Failure)
{
    /// <summary>One line, without its end.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, PagerJson.Default.PagerStatus);

    /// <summary>Reads what <see cref="ToJson"/> wrote; throws <see cref="JsonException"/>.</summary>
    public static PagerStatus FromJson(string line)
        => JsonSerializer.Deserialize(line, PagerJson.Default.PagerStatus) ?? throw new JsonException("a pager's status is not null");
}

[JsonSourceGenerationOptions(UseStringEnumConverter = true)]
[JsonSerializable(typeof(PagerStatus))]
internal sealed partial class PagerJson : JsonSerializerContext;
