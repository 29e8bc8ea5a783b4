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
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or Linux.LinuxException)
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
            var isTorn = file.Length > 0 && !EndsWithLine(_log);
            file.Write([.. isTorn ? "\n"u8.ToArray() : [], .. JsonSerializer.SerializeToUtf8Bytes(record, Json), (byte)'\n']);
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

    /// <summary>A write that a full disk or a crash cut off left a part of a line; the next one begins its own.</summary>
    private static bool EndsWithLine(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        file.Seek(-1, SeekOrigin.End);
        return file.ReadByte() == '\n';
    }

    /// <summary>The lines of a log, for a replay; null for one that is no decision, as a crash leaves it.</summary>
    public static IEnumerable<BalanceRecord?> Read(string path) => File.ReadLines(path).Select(Parse);

    private static BalanceRecord? Parse(string line)
    {
        try
        {
            return JsonSerializer.Deserialize<BalanceRecord>(line, Json);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>A decision as it stands in the log, to compare two.</summary>
    public static string Text(BalanceDecision decision) => JsonSerializer.Serialize(decision, Json);
}
