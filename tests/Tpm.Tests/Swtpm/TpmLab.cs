using System.Net;
using ActorMigration.Actors.Trust;
using ActorMigration.Contracts;
using ActorMigration.Host.Trust;
using ActorMigration.Host.Trust.Enrolment;

namespace ActorMigration.Tpm.Tests.Swtpm;

/// <summary>Two software TPMs of one maker, a CA that trusts the maker, and state directories of two hosts.</summary>
public sealed class TpmLab : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("amig-tpm-").FullName;

    public TpmLab()
    {
        try
        {
            Maker = new SoftwareTpmMaker(_directory);
            A = Maker.Make("a");
            B = Maker.Make("b");
            Maker.WriteRoots(EkRoots);
            Authority = new EnrolmentAuthority(CaDirectory, TimeProvider.System);
            Authority.Initialise();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public SoftwareTpmMaker Maker { get; } = null!;

    public SoftwareTpm A { get; } = null!;

    public SoftwareTpm B { get; } = null!;

    public EnrolmentAuthority Authority { get; } = null!;

    public string EkRoots => Path.Combine(_directory, "ek-roots");

    public string CaDirectory => Path.Combine(_directory, "authority");

    public static IPAddress Address { get; } = IPAddress.Parse("10.0.0.1");

    public string NewDirectory(string name) => Path.Combine(_directory, $"{name}-{Guid.NewGuid():N}");

    /// <summary>Enrols and captures a policy of PCRs 0 to 7 and 16; returns the state directory.</summary>
    public string Enrol(SoftwareTpm tpm, HostName host)
    {
        var state = NewDirectory("state");
        using var chip = tpm.Open();
        var enrolling = new EnrollingHost(state);
        var challenge = Authority.Challenge(enrolling.Request(host, Address, chip), EkRoots);
        enrolling.Install(Authority.Issue(enrolling.Activate(challenge, chip)));
        WritePolicy(state, chip);
        return state;
    }

    public static void WritePolicy(string state, ITpm chip)
    {
        var policy = PolicyCapture.From(chip, "lab", [0, 1, 2, 3, 4, 5, 6, 7, 16], allowSoftwareTpm: true, TimeSpan.FromMinutes(1));
        File.WriteAllText(Path.Combine(state, "trust", "policy.json"), Contracts.Trust.AttestationPolicyJson.Format(policy));
    }

    public void Dispose()
    {
        A?.Dispose();
        B?.Dispose();
        Directory.Delete(_directory, recursive: true);
    }
}
