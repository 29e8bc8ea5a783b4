using System.Diagnostics;
using System.Globalization;
using ActorMigration.Linux.Tests.Tracking;

namespace ActorMigration.Linux.Tests.Files;

/// <summary>Passes over a tree while somebody writes to it without a pause; then everything stands, and the final pass makes both sides equal.</summary>
public sealed partial class LayerSyncSpec
{
    private const int WritingMilliseconds = 2500;

    [Fact]
    public void A_workload_that_never_stops_writing_is_equal_after_the_final_pass_under_SIGSTOP()
    {
        using var pair = new TreePair();
        TreePair.Shell("mkdir \"$1/d1\" \"$1/d2\"; head -c 6000000 /dev/urandom > \"$1/big\"", pair.Source);
        using var workload = new WritingGroup(
            "sh", "-c",
            """
            cd "$1"
            { while :; do   # a second process, which another one's pass over the same names may meet anywhere
                rm -rf d4; mkdir d4; head -c 70000 /dev/urandom > d4/r; ln -s "$((j=j+1))" d4/s; mkdir -p d4/in/ner; ln -sfn "$j" link; mv d4/in d4/out
              done; } &
            i=0
            while :; do
              i=$((i+1)); n=$((i%7)); echo "line $i" >> log; echo "$i" > tmp.$n; mv tmp.$n "f$n"; ln -f "f$n" "d1/l$n"
              case $n in
                1) truncate -s $((i*7919%900000)) sparse;;
                2) printf "%s" "$i" | dd of=sparse bs=1 seek=$((i*65537%700000)) conv=notrunc 2>/dev/null;;
                3) mv d1 d3; mv d2 d1; mv d3 d2;;
                4) chmod $((i%8))44 f1; chown $((i%50)) f2;;
                5) mv big bigger; mv bigger big;;
              esac
              printf "%08d" "$i" | dd of=big bs=8 seek=$((i*9173%700000)) conv=notrunc 2>/dev/null
            done
            """, "sh", pair.Source);

        FollowAndCompare(pair, workload);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Changes_at_the_speed_of_system_calls_are_equal_after_the_final_pass(int seed)
    {
        using var pair = new TreePair();
        using var workload = new WritingGroup(TargetPrograms.Path("churn"), pair.Source, seed.ToString(CultureInfo.InvariantCulture));

        FollowAndCompare(pair, workload);
    }

    private void FollowAndCompare(TreePair pair, WritingGroup workload)
    {
        var entries = 0L;
        for (var clock = Stopwatch.StartNew(); clock.ElapsedMilliseconds < WritingMilliseconds;)
        {
            entries += pair.Pass().Entries;
        }
        workload.Stop();
        var last = pair.Pass(final: true);
        pair.AssertEqual();
        output.WriteLine($"{entries} entries in {last.Pass - 1} passes, then {last}");
        Assert.True(entries > 50, "the workload did not write while passes ran");
    }
}
