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

    public VoterMembership Current => new(_content.Incarnation, _content.HasVoted, _content.IsAdmitted, _content.Counter, [.. _content.Founders], _content.Set);

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

            var fresh = new VoterMembershipFile(path, ContentOf(log, VoterMembership.Fresh(Guid.NewGuid())));
            fresh.Write();
            return fresh;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new RecordLogException($"{path}: what says whether this voter may vote cannot be used: {e.Message}", e);
        }
    }

    public Task WriteAsync(VoterMembership membership)
    {
        var before = _content;
        _content = ContentOf(before.Log, membership);
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

    private static Content ContentOf(Guid log, VoterMembership m) => new(log, m.Incarnation, m.HasVoted, m.IsAdmitted, m.Counter, [.. m.Founders], m.Set);

    private void Write() => DurableFile.Write(_path, JsonSerializer.SerializeToUtf8Bytes(_content));

    private sealed record Content(Guid Log, Guid Incarnation, bool HasVoted, bool IsAdmitted, ulong? Counter, RegisteredVoter[] Founders, VoterSet? Set = null);
}
