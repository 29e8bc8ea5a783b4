using ActorMigration.Contracts;
using ActorMigration.Host.Linux.Network;
using CsCheck;

namespace ActorMigration.Host.Tests.Linux.Network;

/// <summary>Frames are kept in order and within bounds.</summary>
public sealed class FrameQueueSpec
{
    [Fact]
    public void The_source_s_frames_come_before_our_own_and_both_keep_their_order()
    {
        var queue = new FrameQueue();
        queue.Add([3]);
        queue.Add([4]);
        queue.AddOlder([[1], [2]]);
        queue.Add([5]);

        Assert.Equal([1, 2, 3, 4, 5], queue.Take().Select(frame => (int)frame[0]));
        Assert.Equal((0, 0), (queue.Count, queue.Bytes));
    }

    [Fact]
    public void The_newest_frames_within_the_limits_are_kept_and_the_others_counted()
        => Gen.Int[1, 65536].Array[0, 300].Sample(lengths =>
        {
            var queue = new FrameQueue();
            foreach (var (length, i) in lengths.Select((length, i) => (length, i)))
            {
                var frame = new byte[length + 4];
                BitConverter.TryWriteBytes(frame, i);
                queue.Add(frame);
                Assert.True(queue.Bytes <= HeldFrames.MaxBytes && queue.Count <= HeldFrames.MaxFrames);
            }

            Assert.Equal(lengths.Length, queue.Count + queue.Dropped);
            var kept = queue.Take().Select(frame => BitConverter.ToInt32(frame)).ToArray();
            Assert.Equal(Enumerable.Range(lengths.Length - kept.Length, kept.Length), kept);
            Assert.True(kept.Length == lengths.Length || lengths[^(kept.Length + 1)..].Sum(length => length + 4) > HeldFrames.MaxBytes);
        }, iter: 50);

    [Fact]
    public void Small_frames_are_bounded_by_their_number()
    {
        var queue = new FrameQueue();
        for (var i = 0; i < HeldFrames.MaxFrames + 10; i++)
        {
            queue.Add([1]);
        }

        Assert.Equal((HeldFrames.MaxFrames, 10), (queue.Count, queue.Dropped));
    }
}
