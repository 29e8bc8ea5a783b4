using System.Diagnostics;
using System.Text;
using ActorMigration.Host.Linux;
using ActorMigration.Host.Linux.Files;
using Microsoft.Extensions.Time.Testing;
using Xunit.Abstractions;

namespace ActorMigration.Linux.Tests.Files;

/// <summary>A tree crosses while it changes, and after the final pass both sides are equal. Root, real file system.</summary>
public sealed partial class LayerSyncSpec(ITestOutputHelper output)
{
    [Fact]
    public void Every_type_of_entry_arrives_as_it_is()
    {
        using var pair = new TreePair();
        TreePair.Shell(
            """
            cd "$1"
            mkdir -p deep/er/est opaque empty sticky; chmod 1777 sticky; chmod 0 empty
            echo hello > file; chmod 4755 file; chown 12:34 file; : > nothing
            ln -s file link; ln -s /etc/passwd absolute; ln -s ../../.. up; chown -h 5:6 link
            ln file deep/hard; ln file deep/er/hard2
            mkfifo -m 640 fifo; mknod gone c 0 0; chown 7:8 fifo
            head -c 300000 /dev/urandom > deep/er/est/random
            truncate -s 50M sparse; printf x | dd of=sparse bs=1 seek=30000000 conv=notrunc 2>/dev/null
            printf a > "$(printf 'bytes\377\376 and\nnewline')"
            touch -d '1999-12-31 23:59:59.123456789' deep/er file; touch -h -d '2001-01-01 00:00:00.5' link
            """, pair.Source);
        Bind(Path.Combine(pair.Source, "socket"));
        SetXattr(pair.Source, "file", "user.note", "of the container");
        SetXattr(pair.Source, "opaque", "trusted.overlay.opaque", "y");
        SetXattr(pair.Source, "opaque", "trusted.overlay.origin", "a handle of this host");
        SetXattr(pair.Source, "link", "trusted.overlay.impure", "y");

        pair.Pass();
        pair.AssertEqual();
        Assert.True(long.Parse(TreePair.Shell("stat -c %b \"$1/sparse\"", pair.Destination), System.Globalization.CultureInfo.InvariantCulture) < 1000, "holes were filled");
        Assert.Equal("c 0 0\n", TreePair.Shell("stat -c 'c %t %T' \"$1/gone\"", pair.Destination));

        TreePair.Shell(
            """
            cd "$1"
            rm deep/hard; mv deep/er/est deep/moved; rm -r empty; mkdir file2; rm link; mkdir link; echo in > link/in
            ln deep/er/hard2 again; mv file renamed; echo new > file; chmod 600 fifo; rm gone; echo back > gone
            printf yy | dd of=sparse bs=1 seek=10 conv=notrunc 2>/dev/null; fallocate -p -o 29990912 -l 65536 sparse; truncate -s 40M sparse
            mv nothing a-name-that-sorts-first
            """, pair.Source);
        SetXattr(pair.Source, "renamed", "user.note", "changed");
        SetXattr(pair.Source, "file", "security.capability", Encoding.Latin1.GetString(Convert.FromHexString("0100000200040000000000000000000000000000")));
        pair.Pass(final: true);

        pair.AssertEqual();
    }

    [Fact]
    public void What_overlayfs_itself_leaves_in_a_writable_layer_gives_the_same_view_at_the_destination()
    {
        using var pair = new TreePair();
        var around = Directory.CreateTempSubdirectory("amig-overlay-").FullName;
        try
        {
            TreePair.Shell(
                """
                cd "$1"; mkdir lower work merged work2 merged2; mkdir -p lower/dir/inner lower/other; echo low > lower/dir/a; echo b > lower/dir/inner/b; echo c > lower/other/c
                mount -t overlay overlay -o "lowerdir=lower,upperdir=$2,workdir=work" merged
                cd merged; rm dir/a; rm -r other; mkdir other; echo new > other/new; echo more >> dir/inner/b; ln dir/inner/b dir/hard; echo x > top
                """, around, pair.Source);
            pair.Pass(final: true);
            pair.AssertEqual();
            TreePair.Shell("cd \"$1\" && mount -t overlay overlay2 -o \"lowerdir=lower,upperdir=$2,workdir=work2\" merged2", around, pair.Destination);

            const string View = "cd \"$1\" && find . -printf '%P %y %m %l\\n' | LC_ALL=C sort && find . -type f | LC_ALL=C sort | xargs cat";
            Assert.Equal(TreePair.Shell(View, Path.Combine(around, "merged")), TreePair.Shell(View, Path.Combine(around, "merged2")));
        }
        finally
        {
            TreePair.Shell("umount \"$1/merged\"; umount \"$1/merged2\"; rm -rf --one-file-system \"$1\"", around);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public void Any_sequence_of_changes_between_passes_ends_in_equal_trees(int seed)
    {
        var random = new Random(seed);
        using var pair = new TreePair();
        var names = new[] { "a", "b", "c", "d/a", "d/b", "d/e/a", "d/e/b", "f/a", "d", "f", "d/e" };
        for (var pass = 0; pass < 12; pass++)
        {
            for (var i = random.Next(1, 8); i > 0; i--)
            {
                Change(random, pair.Source, names[random.Next(names.Length)], names[random.Next(names.Length)]);
            }
            pair.Pass(final: pass == 11 || pass == 6);   // a final pass may be followed by others: the attempt was aborted and the next one is new, but nothing depends on it
            pair.AssertEqual();
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Writes_through_a_shared_mapping_arrive_because_the_file_was_marked(bool marked)
    {
        // The clock is an hour ahead, so that no time stamp counts as young: only the mark is left to find the change.
        using var pair = new TreePair(time: new FakeTimeProvider(DateTimeOffset.UtcNow.AddHours(1)));
        const int Pages = 2048;
        var path = Path.Combine(pair.Source, "mapped");
        File.WriteAllBytes(path, new byte[Pages * 4096]);
        using var file = System.IO.MemoryMappedFiles.MemoryMappedFile.CreateFromFile(path, FileMode.Open);
        using var view = file.CreateViewAccessor();
        var version = new int[Pages];
        void WriteAll(int step)
        {
            for (var page = 0; page < Pages; page += step)
            {
                view.Write(page * 4096L, ++version[page]);
                view.Write(page * 4096L + 4000, ~version[page]);
            }
        }
        WriteAll(1);
        Thread.Sleep(20);
        if (marked)
        {
            pair.Sync.MarkMapped("mapped");
        }
        pair.Pass();
        for (var round = 0; round < 3; round++)
        {
            WriteAll(3 + round);
            pair.Pass(round == 2 ? LayerPassKind.Frozen : LayerPassKind.Running);   // the last pass must not take a mapped file as seen
        }
        var before = TreePair.Shell("stat -c '%z %y' \"$1\"", path);
        WriteAll(5);
        Assert.Equal(before, TreePair.Shell("stat -c '%z %y' \"$1\"", path));   // what makes this test worth running: no time stamp moved
        pair.Pass(final: true);

        var arrived = File.ReadAllBytes(Path.Combine(pair.Destination, "mapped"));
        var wrong = Enumerable.Range(0, Pages).Count(page => BitConverter.ToInt32(arrived, page * 4096) != version[page] || BitConverter.ToInt32(arrived, page * 4096 + 4000) != ~version[page]);
        output.WriteLine($"marked {marked}: {wrong} wrong pages");
        Assert.Equal(marked, wrong == 0);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_write_in_the_same_tick_as_the_last_look_is_found_although_no_stamp_tells_it(bool underFreeze)
    {
        using var pair = new TreePair();
        var path = Path.Combine(pair.Source, "file");
        File.WriteAllText(path, "one");
        using var file = System.IO.MemoryMappedFiles.MemoryMappedFile.CreateFromFile(path, FileMode.Open);
        using var view = file.CreateViewAccessor();
        view.Write(0, (byte)'O');
        pair.Pass(underFreeze ? LayerPassKind.Frozen : LayerPassKind.Running);   // under a freeze: I/O that was under way ends after the look
        var before = TreePair.Shell("stat -c '%z %y' \"$1\"", path);
        view.Write(2, (byte)'E');   // same stamp: as a second write(2) within one tick would leave it
        Assert.Equal(before, TreePair.Shell("stat -c '%z %y' \"$1\"", path));

        pair.Pass(final: true);

        Assert.Equal("OnE", File.ReadAllText(Path.Combine(pair.Destination, "file")));
    }

    [Fact]
    public void An_append_only_file_costs_its_tail_before_the_destination_can_go_on_and_old_blocks_are_still_compared()
    {
        var mib = int.Parse(Environment.GetEnvironmentVariable("AMIG_TEST_AOF_MIB") ?? "96", System.Globalization.CultureInfo.InvariantCulture);
        using var pair = new TreePair();
        var path = Path.Combine(pair.Source, "appendonly.aof");
        TreePair.Shell("head -c \"$2\" /dev/urandom > \"$1\"", path, ((long)mib << 20).ToString(System.Globalization.CultureInfo.InvariantCulture));
        pair.Pass();
        var first = pair.Whole;
        var firstDurable = pair.Durable;
        pair.Pass();
        TreePair.Shell("head -c 1048576 /dev/urandom >> \"$1\"", path);

        var report = pair.Pass(final: true);
        output.WriteLine(
            $"{mib} MiB: first pass {first.TotalMilliseconds:0} ms ({mib / first.TotalSeconds:0} MiB/s, durable in {firstDurable.TotalMilliseconds:0} ms of it); grown by 1 MiB: "
            + $"settled after {pair.UntilSettled.TotalMilliseconds:0.0} ms, compared and durable after {pair.Whole.TotalMilliseconds:0.0} ms (sync {pair.Durable.TotalMilliseconds:0.0} ms, CPU {pair.Cpu.TotalMilliseconds:0} ms), sent {report.DataBytes} bytes");
        Assert.InRange(report.DataBytes, 1 << 20, (1 << 20) + BlockDigests.BlockBytes);
        pair.AssertEqual();

        using (var inPlace = new FileStream(path, FileMode.Open))
        {
            inPlace.Position = 12345;
            inPlace.WriteByte(0);
            inPlace.WriteByte(255);
        }
        Assert.InRange(pair.Pass(final: true).DataBytes, BlockDigests.BlockBytes, 2 * BlockDigests.BlockBytes);
        pair.AssertEqual();
    }

    [Fact]
    public void A_tree_of_20000_files_that_nobody_touches_costs_the_last_pass_a_look_at_each_directory()
    {
        const int Directories = 200, FilesEach = 100;
        using var pair = new TreePair(time: new FakeTimeProvider(DateTimeOffset.UtcNow.AddHours(1)));
        for (var i = 0; i < Directories * FilesEach; i++)
        {
            var directory = Path.Combine(pair.Source, $"d{i / FilesEach}");
            Directory.CreateDirectory(directory);
            File.WriteAllText(Path.Combine(directory, $"f{i}"), $"content of {i}");
        }
        foreach (var kind in new[] { LayerPassKind.Running, LayerPassKind.Running, LayerPassKind.Frozen, LayerPassKind.Final })
        {
            var report = pair.Pass(kind);
            output.WriteLine($"{kind}: {pair.Sync.Looks} looks, settled {pair.UntilSettled.TotalMilliseconds:0.0} ms, whole {pair.Whole.TotalMilliseconds:0.0} ms, CPU {pair.Cpu.TotalMilliseconds:0} ms, {report}");
            Assert.Equal(kind == LayerPassKind.Final ? 1 + Directories : 1 + Directories + (Directories * FilesEach), pair.Sync.Looks);
            Assert.Equal(report.Pass == 1 ? 1 + Directories + (Directories * FilesEach) : 0, report.Entries);
            Assert.True(report.Pass == 1 || pair.Sync.BytesRead == 0);
        }
        pair.AssertEqual();
    }

    [Fact]
    public void A_final_pass_that_no_frozen_one_went_before_looks_at_every_file()
    {
        // A clock that is ahead: nothing counts as young, so only the look finds the change.
        using var pair = new TreePair(time: new FakeTimeProvider(DateTimeOffset.UtcNow.AddHours(1)));
        TreePair.Shell("cd \"$1\"; mkdir d; echo one > d/f; echo two > d/g", pair.Source);
        pair.Pass(LayerPassKind.Frozen);
        pair.Pass();
        TreePair.Shell("echo more >> \"$1/d/f\"; chmod 600 \"$1/d/g\"", pair.Source);

        pair.Pass(final: true);

        pair.AssertEqual();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_a_dump_puts_into_the_frozen_tree_arrives_with_the_last_pass(bool old)
    {
        using var pair = new TreePair(time: old ? new FakeTimeProvider(DateTimeOffset.UtcNow.AddHours(1)) : null);
        TreePair.Shell("cd \"$1\"; mkdir -p a/b c; echo text > a/b/file; echo other > a/b/second; echo three > c/third; ln c/third a/third", pair.Source);
        using var held = File.OpenRead(Path.Combine(pair.Source, "a/b/file"));
        File.Delete(held.Name);
        pair.Pass();
        pair.Pass(LayerPassKind.Frozen);
        TreePair.Shell("ln -L /proc/$2/fd/$3 \"$1/a/b/link_remap.1\" 2>/dev/null || cp /proc/$2/fd/$3 \"$1/a/b/link_remap.1\"; ln \"$1/a/b/second\" \"$1/c/link_remap.2\"", pair.Source, Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture), held.SafeFileHandle.DangerousGetHandle().ToString(System.Globalization.CultureInfo.InvariantCulture));

        pair.Pass(final: true);

        pair.AssertEqual();
        Assert.True(File.Exists(Path.Combine(pair.Destination, "a/b/link_remap.1")));
    }

    [Fact]
    public void A_large_file_that_was_renamed_and_changed_in_its_old_part_is_equal_after_the_final_pass()
    {
        using var pair = new TreePair();
        TreePair.Shell("cd \"$1\"; mkdir d; head -c 6000000 /dev/urandom > d/log; head -c 6000000 /dev/urandom > two; ln two three", pair.Source);
        pair.Pass();
        TreePair.Shell(
            """
            cd "$1"; mv d/log a; rmdir d; printf x | dd of=a bs=1 seek=70000 conv=notrunc 2>/dev/null; echo new > d
            rm two; ln three a0; printf x | dd of=three bs=1 seek=70000 conv=notrunc 2>/dev/null
            """, pair.Source);

        pair.Pass(final: true);

        pair.AssertEqual();
    }

    [Fact]
    public void Entries_without_content_that_have_several_names_keep_them_and_part_from_them()
    {
        using var pair = new TreePair();
        TreePair.Shell("cd \"$1\"; ln -s t s1; ln s1 s2; mkfifo p1; ln p1 p2; ln p1 p3; ln -s t r1; ln r1 r2", pair.Source);
        pair.Pass();
        TreePair.Shell("cd \"$1\"; chown -h 3:4 s2; rm p1; mkfifo -m 600 p1; rm r1; ln -s t r1; touch -h -d '2001-01-01' r1", pair.Source);
        pair.Pass();
        pair.AssertEqual();
        TreePair.Shell("cd \"$1\"; rm p2 s1; ln -s p3 p2; mkfifo s1; rm r1 r2; ln -s u r2; ln r2 r1", pair.Source);

        pair.Pass(final: true);

        pair.AssertEqual();
    }

    [Theory]
    [InlineData("mknod device b 7 0", "device")]
    [InlineData("mknod null c 1 3", "null")]
    public void A_device_node_is_refused_by_name_at_the_source(string make, string name)
    {
        using var pair = new TreePair();
        TreePair.Shell($"cd \"$1\" && {make}", pair.Source);

        var refusal = Assert.Throws<LayerException>(() => pair.Pass());

        Assert.Equal(LayerFailure.CannotCarry, refusal.Failure);
        Assert.Contains("/" + name, refusal.Message, StringComparison.Ordinal);
    }

    private static void Change(Random random, string root, string name, string other)
    {
        var script = random.Next(10) switch
        {
            0 => "mkdir -p \"$2\"",
            1 => "rm -rf \"$2\"",
            2 => "mv -T \"$2\" \"$3\"",
            3 => "rm -rf \"$3\"; mv -T \"$2\" \"$3\"",
            4 => "ln \"$2\" \"$3\"",
            5 => "ln -sfn target \"$2\"",
            6 => "echo \"$4\" >> \"$2\"",
            7 => "head -c $(( $4 % 200000 )) /dev/urandom > \"$2\"",
            8 => "chmod $(( $4 % 8 ))00 \"$2\"; chown $(( $4 % 100 )) \"$2\"; touch -d @$4 \"$2\"",
            _ => "truncate -s $(( $4 % 150000 )) \"$2\"",
        };
        TreePair.Shell($"cd \"$1\"; {{ {script}; }} 2>/dev/null; true", root, name, other, random.Next(1, 1 << 30).ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    private static void Bind(string path)
    {
        using var socket = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Unspecified);
        socket.Bind(new System.Net.Sockets.UnixDomainSocketEndPoint(path + ".bound"));
        File.Move(path + ".bound", path);   // .NET removes the name that it has bound
    }

    private static unsafe void SetXattr(string root, string name, string attribute, string value)
    {
        var bytes = Encoding.Latin1.GetBytes(value);
        fixed (byte* path = Encoding.UTF8.GetBytes(Path.Combine(root, name) + "\0"), key = Encoding.ASCII.GetBytes(attribute + "\0"), content = bytes)
        {
            Assert.True(Interop.Tree.LSetXattr(path, key, content, (nuint)bytes.Length, 0) == 0, $"setxattr {attribute} on {name}: errno {System.Runtime.InteropServices.Marshal.GetLastPInvokeError()}");
        }
    }
}
