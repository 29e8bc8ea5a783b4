using System.Diagnostics;
using ActorMigration.Actors.Trust;
using ActorMigration.Contracts;
using ActorMigration.Contracts.Trust;
using ActorMigration.Host.Trust;
using ActorMigration.Host.Trust.Tpm;
using ActorMigration.Tpm.Tests.Swtpm;
using Akka.Actor;

namespace ActorMigration.Tpm.Tests.Trust;

/// <summary>The tpm actor on a TPM that dies, hangs and comes back.</summary>
public sealed class TpmActorOnSwtpmSpec(TpmLab lab) : IClassFixture<TpmLab>, IDisposable
{
    private static readonly HostName Host = new("acting");
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TpmSettings Quick = new(
        CommandDeadline: TimeSpan.FromSeconds(1), FirstBackOff: TimeSpan.FromMilliseconds(50), LongestBackOff: TimeSpan.FromMilliseconds(200), QueueLimit: 16);

    private readonly ActorSystem _system = ActorSystem.Create("tpm");

    public void Dispose() => _system.Terminate().Wait(Patience);

    [Fact]
    public async Task Host_is_not_attestable_while_its_TPM_is_dead_and_is_again_when_it_is_back()
    {
        using var trust = TrustState.Load(lab.Enrol(lab.A, Host));
        var tpm = Start(trust);
        var challenge = new Challenge(Host, trust);
        var quoted = Assert.IsType<TpmReplies.Quoted>(await UntilNot<TpmReplies.NotAttestable>(tpm, challenge));
        Assert.IsType<AttestationVerdict.Accepted>(challenge.Verify(quoted.Evidence));

        var busy = Enumerable.Range(0, 12).Select(_ => Quote(tpm, challenge)).ToArray();
        lab.A.Kill();

        await Task.WhenAll(busy);
        Assert.IsType<TpmReplies.NotAttestable>(await UntilNot<TpmReplies.Quoted>(tpm, challenge));

        lab.A.Start();

        var again = Assert.IsType<TpmReplies.Quoted>(await UntilNot<TpmReplies.NotAttestable>(tpm, challenge));
        Assert.IsType<AttestationVerdict.Accepted>(challenge.Verify(again.Evidence));
    }

    [Fact]
    public async Task Hanging_TPM_is_given_up_at_the_deadline_and_taken_back_when_it_goes_on()
    {
        using var trust = TrustState.Load(lab.Enrol(lab.A, Host));
        var tpm = Start(trust);
        var challenge = new Challenge(Host, trust);
        Assert.IsType<TpmReplies.Quoted>(await UntilNot<TpmReplies.NotAttestable>(tpm, challenge));
        lab.A.Stop();
        try
        {
            var waited = Stopwatch.StartNew();
            var given = Assert.IsType<TpmReplies.NotAttestable>(await Quote(tpm, challenge));
            Assert.Contains("within 1000 ms", given.Reason);
            Assert.InRange(waited.Elapsed, Quick.CommandDeadline * 0.9, Patience);
        }
        finally
        {
            lab.A.Continue();
        }

        Assert.IsType<TpmReplies.Quoted>(await UntilNot<TpmReplies.NotAttestable>(tpm, challenge));
    }

    private IActorRef Start(TrustState trust)
        => _system.ActorOf(TpmActor.Props(() => new Tpm2Chip(lab.A.Address), Quick, trust.Identity(() => trust.Policy)));

    private static Task<object> Quote(IActorRef tpm, Challenge challenge)
        => tpm.Ask<object>(new TpmCommands.Quote(challenge.Binding.QualifyingData()), Patience);

    private static async Task<object> UntilNot<T>(IActorRef tpm, Challenge challenge)
    {
        var waited = Stopwatch.StartNew();
        object reply;
        while ((reply = await Quote(tpm, challenge)) is T && waited.Elapsed < Patience)
        {
            await Task.Delay(20);
        }

        return reply;
    }
}
