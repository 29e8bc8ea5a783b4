using System.Text.Json;
using ActorMigration.Actors;
using ActorMigration.Contracts;
using ActorMigration.Host.Decision;
using ActorMigration.Host.Linux.Containers;
using Microsoft.Extensions.Logging;

namespace ActorMigration.Host.Balancing;

/// <summary>The balancer's files in the state directory: <c>balance.json</c>, the mode; <c>balance.log</c>, a line of JSON per decision with moves; <c>balance.log.old</c>, the log before it.</summary>
public sealed class BalanceFiles : IBalanceStore
{
    /// <summary>Bytes. A decision of 1000 containers takes some 400 KB, so that a day with a move every ten minutes fits in the two files.</summary>
    private const long MostLogBytes = 32 * 1024 * 1024;

    private static readonly JsonSerializerOptions Json = RecordJson.For<BalanceRecord>();
    private static readonly JsonSerializerOptions ModeJson = RecordJson.For<BalanceModeSet>();

    private readonly string _mode;
    private readonly string _log;
    private readonly ILogger _logger;
    private bool _isLogFailing;

    private BalanceFiles(string directory, ILogger logger)
    {
        (_mode, _log, _logger) = (Path.Combine(directory, "balance.json"), Path.Combine(directory, "balance.log"), logger);
    }

    public BalanceModeSet Mode { get; private set; } = BalanceModeSet.None;

    /// <summary>A mode that cannot be read counts as none that was ever said: the balancer is off until another host or the operator says it again.</summary>
    public static BalanceFiles Open(string directory, ILogger logger)
    {
        var files = new BalanceFiles(directory, logger);
        if (File.Exists(files._mode))
        {
            try
            {
                files.Mode = JsonSerializer.Deserialize<BalanceModeSet>(File.ReadAllBytes(files._mode), ModeJson) ?? BalanceModeSet.None;
            }
            catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
            {
                logger.LogWarning("The mode of the balancer in {File} cannot be read ({Reason}): it is off until 'amig balance mode' says it again", files._mode, e.Message);
            }
        }

        return files;
    }

    public void Keep(BalanceModeSet mode)
    {
        try
        {
            DurableFile.Write(_mode, JsonSerializer.SerializeToUtf8Bytes(mode, ModeJson));
            Mode = mode;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AttemptException(MigrationFailure.Internal, $"{_mode} cannot be written: {e.Message}", e);
        }
    }

    public void Append(BalanceRecord record)
    {
        try
        {
            if (File.Exists(_log) && new FileInfo(_log).Length > MostLogBytes)
            {
                File.Move(_log, _log + ".old", overwrite: true);
            }

            using var file = new FileStream(_log, FileMode.Append, FileAccess.Write);
            file.Write([.. JsonSerializer.SerializeToUtf8Bytes(record, Json), (byte)'\n']);
            _isLogFailing = false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (!_isLogFailing)
            {
                _logger.LogWarning("Decisions of the balancer are not in {File} from now on: {Reason}", _log, e.Message);
            }

            _isLogFailing = true;
        }
    }

    /// <summary>The lines of a log, for a replay.</summary>
    /// <exception cref="FormatException">A line is none; the message has its number. The last one may be torn, and is left out.</exception>
    public static IEnumerable<BalanceRecord> Read(string path)
    {
        var lines = File.ReadAllLines(path);
        for (var line = 0; line < lines.Length; line++)
        {
            BalanceRecord? record;
            try
            {
                record = JsonSerializer.Deserialize<BalanceRecord>(lines[line], Json);
            }
            catch (JsonException) when (line == lines.Length - 1)
            {
                yield break;
            }
            catch (JsonException e)
            {
                throw new FormatException($"line {line + 1} is no decision: {e.Message}", e);
            }

            yield return record ?? throw new FormatException($"line {line + 1} is no decision: it is null");
        }
    }

    /// <summary>A decision as it stands in the log, to compare two.</summary>
    public static string Text(BalanceDecision decision) => JsonSerializer.Serialize(decision, Json);
}
