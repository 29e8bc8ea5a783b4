using Tpm2Lib;

namespace ActorMigration.Tpm.Tests.Library;

/// <summary>Framing of commands, taking responses apart to the last byte, and retries.</summary>
public sealed class DispatcherSpec
{
    private const string Retry = "8001 0000000A 00000922";
    private const string FourRandomBytes = "8001 00000010 00000000 0004 DEADBEEF";

    [Fact]
    public void Command_without_sessions()
    {
        var device = new ScriptedDevice(FourRandomBytes);

        Assert.Equal([0xDE, 0xAD, 0xBE, 0xEF], new Tpm2(device).GetRandom(4));
        Assert.Equal(["8001" + "0000000C" + "0000017B" + "0004"], device.Sent);
    }

    [Fact]
    public void Command_with_a_password_and_its_response()
    {
        var device = new ScriptedDevice("8002 00000013 00000000 00000000 0000 01 0000");

        new Tpm2(device).NvIncrement(new TpmHandle(0x01800123) { Auth = [0x70, 0x77] }, new TpmHandle(0x01800123));

        Assert.Equal(
            ["8002" + "00000021" + "00000134" + "01800123" + "01800123" + "0000000B" + "40000009" + "0000" + "01" + "0002" + "7077"], device.Sent);
    }

    [Fact]
    public void Password_given_for_one_command_does_not_stay_for_the_next()
    {
        var device = new ScriptedDevice("8002 00000013 00000000 00000000 0000 01 0000");
        var tpm = new Tpm2(device);

        tpm[new Pwap([0xAA])].PcrReset(TpmHandle.Pcr(16));
        tpm.PcrReset(TpmHandle.Pcr(16));

        Assert.EndsWith("0001AA", device.Sent[0]);
        Assert.EndsWith("010000", device.Sent[1]);
        Assert.Throws<ArgumentException>(() => tpm[new Pwap(), new Pwap()].PcrReset(TpmHandle.Pcr(16)));
    }

    [Theory]
    [InlineData("8001 0000000A 0000098E", TpmRc.AuthFail, "AuthFail")]
    [InlineData("8001 0000000A 000001DF", TpmRc.Integrity, "Integrity")]
    [InlineData("8001 0000000A 0000018B", TpmRc.Handle, "Handle")]
    [InlineData("8001 0000000A 0000014A", TpmRc.NvUninitialized, "NvUninitialized")]
    [InlineData("8001 0000000A 00000902", TpmRc.ObjectMemory, "ObjectMemory")]
    public void Error_keeps_all_bits_and_is_named_without_those_that_number_the_place(string response, TpmRc error, string name)
    {
        var thrown = Assert.Throws<TpmException>(() => new Tpm2(new ScriptedDevice(response)).GetRandom(4));

        Assert.Equal(name, thrown.ErrorString);
        Assert.Equal(error, TpmErrors.ErrorNumber(thrown.RawResponse));
        Assert.EndsWith(Convert.ToHexString(BitConverter.GetBytes((uint)thrown.RawResponse).Reverse().ToArray()), response.Replace(" ", "", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("")]
    [InlineData("8001 0000000A 0000")]
    [InlineData("8001 00000011 00000000 0004 DEADBEEF")]
    [InlineData("8001 0000000F 00000000 0004 DEADBE 00")]
    [InlineData("8001 00000011 00000000 0004 DEADBEEF 00")]
    [InlineData("8001 0000000F 00000000 0004 DEADBE")]
    [InlineData("FF01 00000010 00000000 0004 DEADBEEF")]
    [InlineData("8002 0000000A 00000922")]
    [InlineData("8001 0000000B 00000922 00")]
    [InlineData("8002 00000019 00000000 00000006 0004 DEADBEEF 0000 01 0000")]
    public void Response_that_is_not_exactly_one_is_malformed(string response)
        => Assert.Throws<TpmMalformedResponseException>(() => new Tpm2(new ScriptedDevice(response)).GetRandom(4));

    [Theory]
    [InlineData("8001 0000000A 00000000")]
    [InlineData("8002 00000013 00000000 00000001 0000 01 0000")]
    [InlineData("8002 00000013 00000000 FFFFFFFF 0000 01 0000")]
    [InlineData("8002 00000014 00000000 00000000 0000 01 0000 00")]
    [InlineData("8002 0000000E 00000000 00000000")]
    public void Response_without_exactly_the_sessions_of_the_command_is_malformed(string response)
        => Assert.Throws<TpmMalformedResponseException>(() => new Tpm2(new ScriptedDevice(response)).PcrReset(TpmHandle.Pcr(16)));

    [Fact]
    public void Capability_other_than_the_one_asked_for_is_malformed()
        => Assert.Throws<TpmMalformedResponseException>(() => new Tpm2(new ScriptedDevice("8001 00000013 00000000 00 00000006 00000000"))
            .GetCapability(Cap.Handles, 0, 1, out _));

    [Fact]
    public void Command_is_sent_eight_times_with_doubling_waits_while_the_TPM_says_retry()
    {
        var time = new HastyTime();
        var device = new ScriptedDevice(Retry);

        var thrown = Assert.Throws<TpmException>(() => new Tpm2(device, Behavior.Default, time).GetRandom(4));

        Assert.Equal(TpmRc.Retry, thrown.RawResponse);
        Assert.Equal(8, device.Sent.Count);
        Assert.Single(device.Sent.Distinct());
        Assert.Equal([10.0, 20, 40, 80, 160, 320, 640], time.Waits.Select(w => w.TotalMilliseconds));
    }

    [Fact]
    public void Command_that_is_answered_after_a_retry_is_done()
        => Assert.Equal(4, new Tpm2(new ScriptedDevice(Retry, Retry, FourRandomBytes)).GetRandom(4).Length);

    [Fact]
    public void HMAC_session_is_not_pretended()
        => Assert.Throws<NotSupportedException>(() => new Tpm2(new ScriptedDevice(Retry)).StartAuthSessionEx(TpmSe.Hmac, TpmAlgId.Sha256));

    /// <summary>Every wait is over at once, and remembered.</summary>
    private sealed class HastyTime : TimeProvider
    {
        public List<TimeSpan> Waits { get; } = [];

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Waits.Add(dueTime);
            return base.CreateTimer(callback, state, TimeSpan.Zero, period);
        }
    }
}
