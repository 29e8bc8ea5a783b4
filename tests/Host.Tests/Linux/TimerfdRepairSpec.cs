using ActorMigration.Host.Linux.Criu;
using ActorMigration.Host.Linux.Criu.Images;

namespace ActorMigration.Host.Tests.Linux;

public class TimerfdRepairSpec
{
    private static readonly byte[] Header = [0x19, 0x43, 0x56, 0x54, 0x38, 0x31, 0x30, 0x56];

    [Fact]
    public void A_periodic_timer_that_expired_unread_fires_again_at_once()
    {
        var (bytes, repaired) = TimerfdRepair.Repair(Image(Regular, Timer(0, 0, 0, 50_000_000)));

        Assert.Equal(1, repaired);
        Assert.Equal(Image(Regular, Timer(0, 1000, 0, 50_000_000)), bytes);
    }

    [Theory]
    [InlineData(0, 0, 0, 0)]
    [InlineData(0, 7, 0, 50)]
    [InlineData(3, 0, 1, 0)]
    public void Every_other_timer_stays_as_it_is(byte seconds, byte nanoseconds, byte intervalSeconds, int intervalNanoseconds)
    {
        var image = Image(Regular, Timer(seconds, nanoseconds, intervalSeconds, intervalNanoseconds));

        var (bytes, repaired) = TimerfdRepair.Repair(image);

        Assert.Equal(0, repaired);
        Assert.Equal(image, bytes);
    }

    [Fact]
    public void An_image_that_is_cut_off_is_refused()
    {
        var image = Image(Timer(0, 0, 0, 50));

        for (var length = 0; length < image.Length; length++)
        {
            // Only right behind the header is a cut no error: that is an image without entries.
            if (length != Header.Length)
            {
                Assert.Throws<CriuImageException>(() => TimerfdRepair.Repair(image.AsSpan(0, length)));
            }
        }
    }

    /// <summary>file_entry of a regular file: type 1, id 1, reg { id 1 }.</summary>
    private static byte[] Regular => [0x08, 1, 0x10, 1, 0x1a, 2, 0x08, 1];

    /// <summary>file_entry { type 17, id 9, tfd (16) { id 9, flags 0, fown {uid 0}, clockid 1, ticks 1, settime_flags 0, vsec, vnsec, isec, insec } }.</summary>
    private static byte[] Timer(int seconds, int nanoseconds, int intervalSeconds, int intervalNanoseconds)
    {
        byte[] timer =
        [
            0x08, 9, 0x10, 0, 0x1a, 2, 0x08, 0, 0x20, 1, 0x28, 1, 0x30, 0,
            0x38, .. Varint(seconds), 0x40, .. Varint(nanoseconds), 0x48, .. Varint(intervalSeconds), 0x50, .. Varint(intervalNanoseconds),
        ];
        return [0x08, 17, 0x10, 9, 0x82, 0x01, (byte)timer.Length, .. timer];
    }

    private static byte[] Varint(int value) => value < 0x80 ? [(byte)value] : [(byte)(value | 0x80), .. Varint(value >> 7)];

    private static byte[] Image(params byte[][] messages) => [.. Header, .. messages.SelectMany(message => (byte[])[(byte)message.Length, 0, 0, 0, .. message])];
}
