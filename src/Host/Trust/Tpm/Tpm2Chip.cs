using ActorMigration.Actors.Trust;
using ActorMigration.Contracts.Trust;
using Tpm2Lib;

namespace ActorMigration.Host.Trust.Tpm;

/// <summary>A TPM 2.0 behind <see cref="TpmAddress"/>. Holds one object in it, the attestation key; all others last one call.</summary>
public sealed partial class Tpm2Chip : ITpm
{
    /// <summary>Handles asked for at once when looking for leftovers; a TPM without resource manager holds far fewer.</summary>
    private const uint MaxLeftovers = 64;

    private readonly TpmAddress _address;
    private readonly RawTpmDevice _device;
    private readonly Tpm2 _tpm;
    private TpmHandle? _ak;
    private byte[] _akPublic = [];

    /// <summary>Does no I/O.</summary>
    public Tpm2Chip(TpmAddress address)
    {
        _address = address;
        _device = new RawTpmDevice(address);
        _tpm = new Tpm2(_device);
    }

    public void Open() => Ask("be opened", () =>
    {
        _device.Connect();
        EnsureStarted();
        if (!_device.HasRM())
        {
            FlushLeftovers();
        }

        _ak = CreatePrimary(KeyTemplates.AttestationKey, out var akPublic);
        _akPublic = akPublic.GetTpmRepresentation();
        return 0;
    });

    public byte[] ReadAttestationKey() => _akPublic;

    public void Dispose() => _tpm.Dispose();

    private TpmHandle Ak => _ak ?? throw new TpmUnavailableException($"the TPM {_address} is not open");

    /// <summary>A software TPM that nobody started yet answers everything with INITIALIZE; firmware has long started a chip.</summary>
    private void EnsureStarted()
    {
        try
        {
            _tpm.ReadClock();
        }
        catch (TpmException e) when (ErrorOf(e) == TpmRc.Initialize)
        {
            _tpm.Startup(Su.Clear);
        }
    }

    /// <summary>A client that dies leaves its objects in a TPM without resource manager; three of them fill it.</summary>
    private void FlushLeftovers()
    {
        foreach (var type in (Ht[])[Ht.Transient, Ht.LoadedSession])
        {
            _tpm.GetCapability(Cap.Handles, (uint)type << 24, MaxLeftovers, out var found);
            foreach (var handle in ((HandleArray)found).handle)
            {
                _tpm.FlushContext(handle);
            }
        }
    }

    private TpmHandle CreatePrimary(TpmPublic template, out TpmPublic made)
        => _tpm.CreatePrimary(
            TpmRh.Endorsement, new SensitiveCreate([], []), template, [], [], out made, out _, out _, out _);

    /// <summary>Sorts every failure into the two that <see cref="ITpm"/> promises.</summary>
    private T Ask<T>(string what, Func<T> ask)
    {
        try
        {
            return ask();
        }
        catch (TpmException e) when (IsRefusal(ErrorOf(e)))
        {
            throw new TpmRefusedException($"the TPM {_address} refused to {what}: {e.Message}", e);
        }
        catch (Exception e) when (e is not (TpmRefusedException or TpmUnavailableException))
        {
            // Whatever else goes wrong between here and the chip, the library's own state included: a new connection is the way out.
            throw new TpmUnavailableException($"the TPM {_address} could not {what}: {e.Message}", e);
        }
    }

    /// <summary>The error without the bits that number a handle, session or parameter (TPM 2.0 Part 1, 39.4).</summary>
    private static TpmRc ErrorOf(TpmException e)
    {
        const uint Format1 = 0x080;
        const uint Format1Code = 0x0BF;
        const uint Format0Code = 0x97F;
        var raw = (uint)e.RawResponse;
        return (TpmRc)(raw & ((raw & Format1) != 0 ? Format1Code : Format0Code));
    }

    /// <summary>
    /// Errors that say something about the request. All others (memory full, handles gone, self-test failed, not started) say that this
    /// connection's objects are of no more use.
    /// </summary>
    private static bool IsRefusal(TpmRc error) => error is TpmRc.Integrity or TpmRc.Value or TpmRc.Size or TpmRc.AuthFail or TpmRc.BadAuth
        or TpmRc.PolicyFail or TpmRc.Attributes or TpmRc.NvAuthorization or TpmRc.NvDefined or TpmRc.NvSpace or TpmRc.NvLocked
        or TpmRc.NvRange or TpmRc.NvRate or TpmRc.NvUnavailable or TpmRc.Lockout or TpmRc.Locality or TpmRc.EccPoint;
}
