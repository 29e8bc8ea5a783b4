using System.Collections.Immutable;
using System.Text.Json;
using ActorMigration.Actors;
using ActorMigration.Contracts;
using ActorMigration.Host.Linux.Containers;

namespace ActorMigration.Host.Decision;

/// <summary>
/// <see cref="IVoterMembership"/> in a file beside the voter's log. It names the incarnation in the header of that log: with another log, or with none, this host is a voter
/// without a memory again.
/// </summary>
internal sealed class VoterMembershipFile : IVoterMembership
{
    private readonly string _path;

    private VoterMembershipFile(string path, Guid incarnation, Content? content)
    {
        _path = path;
        Incarnation = incarnation;
        IsAdmitted = content is not null;
        Founders = content is null ? [] : [.. content.Founders];
    }

    public Guid Incarnation { get; }

    public bool IsAdmitted { get; private set; }

    public ImmutableArray<RegisteredVoter> Founders { get; private set; }

    /// <summary>Throws <see cref="RecordLogException"/> for a file that is none.</summary>
    /// <param name="path">Of the file, which need not be there.</param>
    /// <param name="incarnation">In the header of the voter's log.</param>
    internal static VoterMembershipFile Open(string path, Guid incarnation)
    {
        try
        {
            var content = File.Exists(path) ? JsonSerializer.Deserialize<Content>(File.ReadAllBytes(path)) : null;
            return new VoterMembershipFile(path, incarnation, content?.Incarnation == incarnation ? content : null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new RecordLogException($"{path}: what says whether this voter may vote cannot be read: {e.Message}", e);
        }
    }

    public Task AdmitAsync(ImmutableArray<RegisteredVoter> founders)
    {
        DurableFile.Write(_path, JsonSerializer.SerializeToUtf8Bytes(new Content(Incarnation, [.. founders])));
        (IsAdmitted, Founders) = (true, founders);
        return Task.CompletedTask;
    }

    /// <summary>The file. It is there only for an admitted voter.</summary>
    private sealed record Content(Guid Incarnation, RegisteredVoter[] Founders);
}
