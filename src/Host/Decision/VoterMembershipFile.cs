using System.Collections.Immutable;
using System.Text.Json;
using ActorMigration.Actors;
using ActorMigration.Contracts;
using ActorMigration.Host.Linux.Containers;

namespace ActorMigration.Host.Decision;

/// <summary>
/// <see cref="IVoterMembership"/> in a file beside the voter's log. It names that log: with another one, or with none, this host is a voter that has never voted.
/// </summary>
internal sealed class VoterMembershipFile : IVoterMembership
{
    private readonly string _path;
    private Content _content;

    private VoterMembershipFile(string path, Content content)
    {
        _path = path;
        _content = content;
    }

    public Guid Incarnation => _content.Incarnation;

    public bool HasVoted => _content.HasVoted;

    public bool IsAdmitted => _content.IsAdmitted;

    public ulong? Counter => _content.Counter;

    public ImmutableArray<RegisteredVoter> Founders => [.. _content.Founders];

    /// <summary>Makes the file when it is not there. Throws <see cref="RecordLogException"/> for one that cannot be read or made.</summary>
    /// <param name="path">Of the file.</param>
    /// <param name="log">Name of the voter's log, from its header.</param>
    internal static VoterMembershipFile Open(string path, Guid log)
    {
        try
        {
            if (File.Exists(path) && JsonSerializer.Deserialize<Content>(File.ReadAllBytes(path)) is { } there && there.Log == log)
            {
                return new VoterMembershipFile(path, there);
            }

            var fresh = new VoterMembershipFile(path, new Content(log, Guid.NewGuid(), HasVoted: false, IsAdmitted: false, Counter: null, Founders: []));
            fresh.Write();
            return fresh;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new RecordLogException($"{path}: what says whether this voter may vote cannot be used: {e.Message}", e);
        }
    }

    public Task AdmitAsync(ImmutableArray<RegisteredVoter> founders, ulong counter)
        => WriteAsync(_content with { HasVoted = true, IsAdmitted = true, Founders = [.. founders], Counter = counter });

    public Task CountAsync(ulong counter) => WriteAsync(_content with { Counter = counter });

    public Task RenewAsync(ulong counter) => WriteAsync(_content with { Incarnation = Guid.NewGuid(), IsAdmitted = false, Counter = counter, Founders = [] });

    private Task WriteAsync(Content content)
    {
        var before = _content;
        _content = content;
        try
        {
            Write();
        }
        catch
        {
            _content = before;
            throw;
        }

        return Task.CompletedTask;
    }

    private void Write() => DurableFile.Write(_path, JsonSerializer.SerializeToUtf8Bytes(_content));

    private sealed record Content(Guid Log, Guid Incarnation, bool HasVoted, bool IsAdmitted, ulong? Counter, RegisteredVoter[] Founders);
}
