using ActorMigration.Contracts;
using CsCheck;

namespace ActorMigration.Contracts.Tests.Wire;

/// <summary>Frames that the source held for the destination, as bytes.</summary>
public sealed class HeldFramesSpec
{
    private static readonly Gen<byte[][]> Frames = Gen.Byte.Array[HeldFrames.MinFrameBytes, 200].Array[0, 20];

    [Fact]
    public void Frames_are_read_as_they_were_written()
        => Frames.Sample(frames =>
        {
            Assert.True(HeldFrames.TryDecode(HeldFrames.Encode(frames), out var read));
            Assert.Equal(frames, read);
        });

    [Fact]
    public void Cut_longer_or_changed_bytes_are_refused_or_are_other_frames()
        => Gen.Select(Frames, Gen.Int, Gen.Byte, Gen.Int[0, 2]).Sample((frames, at, value, how) =>
        {
            var bytes = HeldFrames.Encode(frames);
            var where = (int)((uint)at % bytes.Length);
            switch (how)
            {
                case 0:
                    Assert.False(HeldFrames.TryDecode(bytes.AsSpan(0, where), out _));
                    break;
                case 1:
                    Assert.False(HeldFrames.TryDecode([.. bytes, value], out _));
                    break;
                default:
                    bytes[where] = value;
                    Assert.True(!HeldFrames.TryDecode(bytes, out var read) || HeldFrames.Encode(read).AsSpan().SequenceEqual(bytes));
                    break;
            }
        });

    [Fact]
    public void Too_many_too_short_and_too_long_frames_are_refused()
    {
        Assert.False(HeldFrames.TryDecode(HeldFrames.Encode([new byte[HeldFrames.MinFrameBytes - 1]]), out _));
        Assert.False(HeldFrames.TryDecode(HeldFrames.Encode([new byte[HeldFrames.MaxFrameBytes + 1]]), out _));
        Assert.False(HeldFrames.TryDecode(HeldFrames.Encode([.. Enumerable.Repeat(new byte[HeldFrames.MinFrameBytes], HeldFrames.MaxFrames + 1)]), out _));
        Assert.False(HeldFrames.TryDecode(new byte[HeldFrames.MaxEncodedBytes + 1], out _));
        Assert.False(HeldFrames.TryDecode([.. "AMHF"u8, 0xff, 0xff, 0xff, 0xff], out _));
    }

    [Fact]
    public void Reads_the_bytes_of_version_1()
    {
        var frame = Enumerable.Range(0, HeldFrames.MinFrameBytes).Select(i => (byte)i).ToArray();

        Assert.True(HeldFrames.TryDecode([.. "AMHF"u8, 1, 0, 0, 0, 24, 0, 0, 0, .. frame], out var read));

        Assert.Equal(frame, Assert.Single(read));
    }
}
