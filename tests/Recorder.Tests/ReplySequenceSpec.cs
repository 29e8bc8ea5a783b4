namespace ActorMigration.Recorder.Tests;

public class ReplySequenceSpec
{
    private static ReplySequence Heard(params ReadOnlySpan<long> values)
    {
        var sequence = new ReplySequence(noteworthyGapMs: 50);
        double at = 1000;
        foreach (long value in values)
        {
            sequence.Add(value, at++);
        }

        return sequence;
    }

    [Fact]
    public void Numbers_that_follow_each_other_are_neither_lost_nor_repeated()
    {
        ReplySequence heard = Heard(7, 8, 9);

        Assert.Equal((3, 7, 9, 0, 0), (heard.Replies, heard.First, heard.Last, heard.Lost, heard.Repeated));
    }

    [Fact]
    public void A_skipped_number_counts_as_lost_once_each()
        => Assert.Equal(3, Heard(1, 2, 6, 7).Lost);

    [Theory]
    [InlineData(5)]
    [InlineData(4)]
    [InlineData(1)]
    public void A_number_given_out_before_counts_as_repeated(long again)
    {
        ReplySequence heard = Heard(1, 2, 3, 4, 5, again, 6);

        Assert.Equal((1, 0), (heard.Repeated, heard.Lost));
    }

    [Fact]
    public void The_longest_pause_is_found_and_pauses_of_note_are_listed_with_the_number_that_ended_them()
    {
        var sequence = new ReplySequence(noteworthyGapMs: 50);
        sequence.Add(1, 0);
        sequence.Add(2, 49);
        sequence.Add(3, 349);
        sequence.Add(4, 399);

        Assert.Equal(300, sequence.GapMsMax);
        Assert.Equal([new ReplyGap(49, 300, 3), new ReplyGap(349, 50, 4)], sequence.Gaps);
    }
}
