using ActorMigration.Actors;
using ActorMigration.Contracts;
using ActorMigration.Host.Decision;

namespace ActorMigration.Host.Tests.Decision;

/// <summary>What a voter's state directory says of itself, across starts and versions.</summary>
public sealed class VoterMembershipFileSpec : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("amig-voter").FullName;
    private readonly Guid _log = Guid.NewGuid();

    private string Path => System.IO.Path.Combine(_directory, "voter.json");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task What_was_written_is_read_again_with_the_set_of_voters()
    {
        var file = VoterMembershipFile.Open(Path, _log);
        RegisteredVoter[] founders = [new(new HostName("h1"), Guid.NewGuid())];
        await file.WriteAsync(file.Current.Admitted([.. founders], 7, new VoterSet(2, [new HostName("h1"), new HostName("h2")])));

        var again = VoterMembershipFile.Open(Path, _log).Current;

        Assert.Equal((file.Current.Incarnation, true, true, 7UL), (again.Incarnation, again.HasVoted, again.IsAdmitted, again.Counter!.Value));
        Assert.Equal(founders, again.Founders);
        Assert.True(again.Set!.IsSame(new VoterSet(2, [new HostName("h2"), new HostName("h1")])));
    }

    [Fact]
    public void A_file_from_before_sets_were_written_down_has_none_and_keeps_the_rest()
    {
        var incarnation = Guid.NewGuid();
        File.WriteAllText(Path, $$"""{"Log":"{{_log}}","Incarnation":"{{incarnation}}","HasVoted":true,"IsAdmitted":true,"Counter":3,"Founders":[]}""");

        var read = VoterMembershipFile.Open(Path, _log).Current;

        Assert.Equal((incarnation, true, null), (read.Incarnation, read.IsAdmitted, read.Set));
    }

    [Fact]
    public void With_another_log_it_is_that_of_a_voter_that_has_never_voted()
    {
        var before = VoterMembershipFile.Open(Path, _log).Current;

        var after = VoterMembershipFile.Open(Path, Guid.NewGuid()).Current;

        Assert.NotEqual(before.Incarnation, after.Incarnation);
        Assert.False(after.HasVoted);
    }

    [Fact]
    public void One_that_cannot_be_read_is_named()
    {
        File.WriteAllText(Path, "{");

        Assert.Contains(Path, Assert.Throws<RecordLogException>(() => VoterMembershipFile.Open(Path, _log)).Message, StringComparison.Ordinal);
    }
}
