using System.Buffers.Binary;
using System.Text;
using ActorMigration.Contracts;
using ActorMigration.Host.Linux.Files;

namespace ActorMigration.Linux.Tests.Files;

/// <summary>What a hostile or broken source may send. Each is refused by name, and nothing outside the root is touched.</summary>
public sealed class LayerReceiverSpec : IDisposable
{
    private readonly string _base = Directory.CreateTempSubdirectory("amig-receiver-").FullName;
    private readonly string _root;
    private readonly string _outside;

    public LayerReceiverSpec()
    {
        _root = Directory.CreateDirectory(Path.Combine(_base, "root")).FullName;
        _outside = Directory.CreateDirectory(Path.Combine(_base, "outside")).FullName;
        File.WriteAllText(Path.Combine(_outside, "precious"), "untouched");
        File.SetLastWriteTimeUtc(Path.Combine(_outside, "precious"), DateTime.UnixEpoch);
        File.SetLastWriteTimeUtc(_outside, DateTime.UnixEpoch);
    }

    public void Dispose()
    {
        var touched = File.ReadAllText(Path.Combine(_outside, "precious")) != "untouched"
            || File.GetLastWriteTimeUtc(Path.Combine(_outside, "precious")) != DateTime.UnixEpoch
            || File.GetLastWriteTimeUtc(_outside) != DateTime.UnixEpoch
            || Directory.GetFileSystemEntries(_outside).Length != 1
            || Directory.GetFileSystemEntries(_base).Length != 2;
        TreePair.Shell("rm -rf --one-file-system \"$1\"", _base);
        Assert.False(touched, "something outside the root was touched");
    }

    [Theory]
    [InlineData("../outside/evil")]
    [InlineData("/etc/evil")]
    [InlineData("a/../../outside/evil")]
    [InlineData("./a")]
    [InlineData("a//b")]
    [InlineData("a/")]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("a\0b")]
    public void A_path_that_is_not_below_the_root_is_refused_in_every_frame_that_has_one(string path)
    {
        var bytes = Encoding.UTF8.GetBytes(path);
        Refused<FileFrameException>(w => Entry(w, Raw(path, FileEntryKind.File, FileContent.Whole)));
        Refused<LayerException>(w => w.Write(FileFrameKind.Delete, bytes));
        Refused<LayerException>(w => w.WriteLink(bytes, "a"u8));
        Refused<LayerException>(w =>
        {
            Entry(w, Raw("a", FileEntryKind.Fifo, FileContent.Unchanged));
            w.WriteLink("b"u8, bytes);
        });
    }

    [Fact]
    public void A_symbolic_link_is_made_as_it_is_and_never_followed()
    {
        foreach (var target in new[] { _outside, "../outside", "/proc/self/root" + _outside, "/proc/self/cwd", "." })
        {
            void Link(FileFrameWriter w) => Entry(w, Raw("link", FileEntryKind.Symlink, FileContent.Unchanged, target: target));
            Refused<LayerException>(w =>
            {
                Link(w);
                WholeFile(w, "link/precious", "evil");
            });
            Refused<LayerException>(w =>
            {
                Link(w);
                w.Write(FileFrameKind.Delete, "link/precious"u8);
            });
            Refused<LayerException>(w =>
            {
                Link(w);
                Entry(w, Raw("link/new", FileEntryKind.Directory, FileContent.Unchanged));
            });
            Refused<IOException>(w =>
            {
                Link(w);
                w.WriteLink("hard"u8, "link/precious"u8);
            });
            Refused<LayerException>(w =>
            {
                Link(w);
                Entry(w, Raw("link", FileEntryKind.File, FileContent.Ranges, size: 9));
                w.WriteData(0, "evil"u8);
            });
            Accepted(w =>
            {
                Link(w);
                WholeFile(w, "link", "a file in place of the link");
                Link(w);
                Entry(w, Raw("link", FileEntryKind.Directory, FileContent.Unchanged));
                Link(w);
                w.Write(FileFrameKind.Delete, "link"u8);
            });
        }
    }

    [Fact]
    public void A_device_node_has_no_wire_form()
    {
        // The only device that can be asked for is the whiteout; its number is not the source's to choose.
        Accepted(w => Entry(w, Raw("gone", FileEntryKind.Whiteout, FileContent.Unchanged)), keep: true);
        Assert.Equal("0 0\n", TreePair.Shell("stat -c '%t %T' \"$1/gone\"", _root));
        var entry = FileEntryCodec.Encode(Raw("device", FileEntryKind.Whiteout, FileContent.Unchanged));
        entry[0] = 7;
        Refused<FileFrameException>(w => w.Write(FileFrameKind.Entry, entry));
    }

    [Fact]
    public void Writing_into_a_fifo_or_a_file_that_is_not_there_is_refused_and_does_not_hang()
    {
        Refused<LayerException>(w =>
        {
            Entry(w, Raw("fifo", FileEntryKind.Fifo, FileContent.Unchanged));
            Entry(w, Raw("fifo", FileEntryKind.File, FileContent.Ranges, size: 4));
        });
        Refused<LayerException>(w => Entry(w, Raw("nothing", FileEntryKind.File, FileContent.Ranges)));
        Refused<LayerException>(w => Entry(w, Raw("nothing", FileEntryKind.File, FileContent.Unchanged)));
        Refused<LayerException>(w => w.WriteLink("a"u8, "nothing"u8));
    }

    [Fact]
    public void Data_outside_its_file_or_its_reservation_is_refused()
    {
        Refused<LayerException>(w =>
        {
            Entry(w, Raw("f", FileEntryKind.File, FileContent.Whole, size: 3));
            w.WriteData(0, "four"u8);
        });
        Refused<LayerException>(w =>
        {
            Entry(w, Raw("f", FileEntryKind.File, FileContent.Whole, size: long.MaxValue >> 20));
            w.WriteData(-1, "x"u8);
        });
        Refused<LayerException>(w =>
        {
            Entry(w, Raw("f", FileEntryKind.File, FileContent.Ranges, size: 10));
            w.WriteHole(5, long.MaxValue);
        });
        Refused<LayerException>(w => w.WriteData(0, "of no file"u8));
        Refused<FileFrameException>(w => Entry(w, Raw("f", FileEntryKind.File, FileContent.Whole, size: FileFrameLimits.MaxFileBytes + 1)));
        Assert.Equal(LayerFailure.OverReservation, Refused<LayerException>(w => WholeFile(w, "big", new string('x', 200_000)), new LayerLimits(100_000, 10)).Failure);
        Assert.Equal(LayerFailure.OverReservation, Refused<LayerException>(
            w =>
            {
                for (var i = 0; i < 11; i++)
                {
                    Entry(w, Raw($"e{i}", FileEntryKind.Fifo, FileContent.Unchanged));
                }
            }, new LayerLimits(1 << 20, 10)).Failure);
    }

    [Fact]
    public void A_file_that_is_rewritten_or_removed_does_not_count_twice()
    {
        Accepted(
            w =>
            {
                for (var i = 0; i < 20; i++)
                {
                    WholeFile(w, "same", new string('x', 60_000));
                }
                w.Write(FileFrameKind.Delete, "same"u8);
                WholeFile(w, "other", new string('x', 60_000));
            }, limits: new LayerLimits(140_000, 2));
    }

    [Theory]
    [InlineData("trusted.overlay.redirect")]
    [InlineData("trusted.overlay.metacopy")]
    [InlineData("trusted.overlay.origin")]
    [InlineData("security.ima")]
    public void An_attribute_that_changes_the_meaning_of_the_tree_is_refused(string attribute)
        => Refused<LayerException>(w => Entry(w, Raw("d", FileEntryKind.Directory, FileContent.Unchanged) with { Xattrs = [new FileXattr(Encoding.ASCII.GetBytes(attribute), [1])] }));

    [Fact]
    public void After_the_tree_has_settled_only_blocks_of_files_may_change()
    {
        Refused<LayerException>(w =>
        {
            w.Write(FileFrameKind.Settled, []);
            Entry(w, Raw("late", FileEntryKind.Fifo, FileContent.Unchanged));
        });
        Refused<LayerException>(w =>
        {
            WholeFile(w, "f", "1234");
            w.Write(FileFrameKind.Settled, []);
            w.Write(FileFrameKind.Delete, "f"u8);
        });
        Refused<LayerException>(w => w.Write(FileFrameKind.BlobOffer, new byte[40]));
        Refused<LayerException>(w => End(w, 5, 0));
    }

    [Fact]
    public void A_full_disk_is_an_error_with_its_own_name()
    {
        TreePair.Shell("mount -t tmpfs -o size=1m tmpfs \"$1\"", _root);
        try
        {
            var failure = Refused<LayerException>(w => WholeFile(w, "big", new string('x', 3 << 20)));

            Assert.Equal(LayerFailure.NoSpace, failure.Failure);
            Assert.Contains("/big", failure.Message, StringComparison.Ordinal);
        }
        finally
        {
            TreePair.Shell("umount \"$1\"", _root);
        }
    }

    [Fact]
    public void A_mount_below_the_root_is_not_entered()
    {
        var inner = Directory.CreateDirectory(Path.Combine(_root, "inner")).FullName;
        TreePair.Shell("mount --bind \"$2\" \"$1\"", inner, _outside);
        try
        {
            Receive(w => WholeFile(w, "inner/evil", "x"), default, out var failure);
            Assert.IsType<LayerException>(failure);
        }
        finally
        {
            TreePair.Shell("umount \"$1\"", inner);
        }
    }

    private TException Refused<TException>(Action<FileFrameWriter> send, LayerLimits limits = default)
        where TException : Exception
    {
        Receive(send, limits, out var failure);
        if (!File.ReadAllText("/proc/mounts").Contains(_root, StringComparison.Ordinal))
        {
            TreePair.Shell("rm -rf --one-file-system \"$1\" && mkdir \"$1\"", _root);
        }
        return Assert.IsAssignableFrom<TException>(failure);
    }

    private void Accepted(Action<FileFrameWriter> send, bool keep = false, LayerLimits limits = default)
    {
        Receive(send, limits, out var failure);
        Assert.IsType<FileFrameException>(failure);
        Assert.Contains("ended in the middle", failure.Message, StringComparison.Ordinal);   // everything was applied and more was waited for
        if (!keep)
        {
            TreePair.Shell("rm -rf --one-file-system \"$1\" && mkdir \"$1\"", _root);
        }
    }

    private void Receive(Action<FileFrameWriter> send, LayerLimits limits, out Exception failure)
    {
        using var stream = new MemoryStream();
        using var writer = new FileFrameWriter(stream);
        writer.Write(FileFrameKind.PassBegin, [1, 0, 0, 0, 1]);
        send(writer);
        writer.Flush();
        stream.Position = 0;
        using var reader = new FileFrameReader(stream);
        using var receiver = new LayerReceiver(_root, limits == default ? new LayerLimits(1L << 40, 1000) : limits);
        failure = Record.Exception(() => receiver.ReceivePass(reader, null))!;
        Assert.NotNull(failure);
    }

    private static void Entry(FileFrameWriter to, FileEntry entry) => to.Write(FileFrameKind.Entry, FileEntryCodec.Encode(entry));

    private static void WholeFile(FileFrameWriter to, string path, string content)
    {
        Entry(to, Raw(path, FileEntryKind.File, FileContent.Whole, size: content.Length));
        foreach (var part in Encoding.ASCII.GetBytes(content).Chunk(FileFrameLimits.MaxDataBytes).Select((bytes, i) => (bytes, i)))
        {
            to.WriteData((long)part.i * FileFrameLimits.MaxDataBytes, part.bytes);
        }
        to.Write(FileFrameKind.EntryEnd, []);
    }

    private static void End(FileFrameWriter to, int pass, long entries)
    {
        var end = new byte[20];
        BinaryPrimitives.WriteInt32LittleEndian(end, pass);
        BinaryPrimitives.WriteInt64LittleEndian(end.AsSpan(4), entries);
        to.Write(FileFrameKind.PassEnd, end);
    }

    private static FileEntry Raw(string path, FileEntryKind kind, FileContent content, long size = 0, string target = "")
        => new(Encoding.UTF8.GetBytes(path), kind, content, 0x1A4, 0, 0, 0, 0, size, Encoding.UTF8.GetBytes(target), []);
}
