using ActorMigration.Host.Linux.Containers;
using ActorMigration.Host.Linux.Criu;
using ActorMigration.Host.Linux.Criu.Images;
using ActorMigration.Linux.Tests.Tracking;

namespace ActorMigration.Linux.Tests.Runtime;

/// <summary>Pages that are hidden from CRIU are in its images as if it had seen them. The same frozen container is dumped with and without the library.</summary>
public sealed class SkeletonPagesSpec : IAsyncLifetime
{
    private const string BigShell = "x=$(/bin/busybox head -c 6000000 /dev/urandom | /bin/busybox base64); ";
    private const int FewPages = 64;

    private readonly RuntimeLab _lab = new();

    public Task InitializeAsync() => _lab.InitializeAsync();

    public Task DisposeAsync() => _lab.DisposeAsync();

    [Fact]
    public async Task The_images_are_those_of_a_dump_that_saw_every_page()
    {
        var started = await _lab.StartAsync("big", "/bin/sh", "-c", BigShell + RuntimeLab.Counter);
        await started.FreezeAsync();

        var seen = await DumpAsync(started, library: null);
        var mappings = Mappings();
        var hidden = await DumpAsync(started, Library);

        Assert.Equal(mappings, Mappings());
        Assert.Equal(mappings.Count, Directory.EnumerateFiles($"{_lab.State}/dump/pages", "*.smaps").Count());
        Assert.NotEmpty(seen);
        Assert.Equal(seen.Keys.Order(), hidden.Keys.Order());
        Assert.True(seen.Values.Sum(image => image.LazyPages) > 2000);
        foreach (var (pid, image) in seen)
        {
            Assert.Equal(image.WithLazy([]).Entries, hidden[pid].Entries);
            Assert.Equal(image.PagesId, hidden[pid].PagesId);
        }

        Assert.True(HiddenPages() > 2000, $"only {HiddenPages()} pages were hidden");
        var count = started.Count;
        started.Container.Cgroup.Thaw();
        started.AssertCountsOn(count);
    }

    [Fact]
    public async Task A_stack_pointer_at_a_page_border_does_not_bring_all_memory_into_the_stop()
    {
        const string StartAligned = "(while [ ! -x /aligned ]; do usleep 10000; done; exec /aligned) & ";
        var started = await _lab.StartAsync("aligned", "/bin/sh", "-c", StartAligned + RuntimeLab.Counter);
        TargetPrograms.CompileStatic("aligned", $"{started.Root.MountPoint}/aligned.new");
        File.Move($"{started.Root.MountPoint}/aligned.new", $"{started.Root.MountPoint}/aligned");
        Assert.True(SpinWait.SpinUntil(() => started.Container.Cgroup.Processes().Any(IsAligned), 5000), "no thread came to stand at a page border");
        await started.FreezeAsync();

        var seen = await DumpAsync(started, library: null);
        var hidden = await DumpAsync(started, Library);

        Assert.True(EagerPages(seen) > 4096, $"CRIU by itself took {EagerPages(seen)} pages into its images: its rule for stacks has changed, and this spec is not needed any more");
        Assert.True(EagerPages(hidden) < FewPages, $"{EagerPages(hidden)} pages came into the images");
    }

    [Theory]
    [InlineData("locked", 0)]
    [InlineData("sleepers", 1)]
    public void Nothing_is_hidden_of_a_process_with_locked_memory(string program, int files)
    {
        using var container = new TestContainer(program);
        container.Freeze();

        SkeletonPages.In($"{_lab.State}/none", Library)!.Hide([container.Pid]);

        Assert.Equal(files, Directory.EnumerateFiles($"{_lab.State}/none").Count());
    }

    [Theory]
    [InlineData(new ulong[] { 0x1000 })]
    [InlineData(new ulong[] { 0x2000, 0x1000 })]
    [InlineData(new ulong[] { 0x1000, 0x2008 })]
    public void A_record_that_is_no_list_of_runs_makes_the_images_useless(ulong[] record)
    {
        using var container = new TestContainer("sleepers");
        container.Freeze();
        var pages = SkeletonPages.In($"{_lab.State}/broken", Library)!;
        pages.Hide([container.Pid]);
        File.WriteAllBytes($"{_lab.State}/broken/{container.Pid}.hidden", System.Runtime.InteropServices.MemoryMarshal.AsBytes<ulong>(record).ToArray());

        Assert.Throws<CriuImageException>(() => pages.Complete($"{_lab.State}/none"));
    }

    [Fact]
    public void Mappings_that_changed_after_they_were_read_are_not_given_to_CRIU()
    {
        using var container = new TestContainer("sleepers");
        container.Freeze();
        var pages = SkeletonPages.In($"{_lab.State}/stale", Library)!;
        var path = $"{_lab.State}/stale/{container.Pid}.smaps";
        pages.ReadMappings(container.Pid);
        pages.DropStaleMappings();
        Assert.True(File.Exists(path));

        // One border less, as after a join.
        File.WriteAllLines(path, File.ReadAllLines(path).Skip(1));
        pages.DropStaleMappings();

        Assert.False(File.Exists(path));
    }

    private static string Library => SkeletonPages.Library ?? throw new InvalidOperationException("amig-skeleton.so is not beside the tests: it is compiled where gcc is installed");

    private static bool IsAligned(int pid) => Directory.Exists($"/proc/{pid}/task") && Directory.EnumerateDirectories($"/proc/{pid}/task")
        .Any(task => Host.Linux.Tracking.SleepingCall.Of(task) is { StackPointer: > 0 } call && call.StackPointer % 4096 == 0);

    private static long EagerPages(IReadOnlyDictionary<int, PagemapImage> images) => images.Values.SelectMany(image => image.Entries).Where(entry => !entry.IsLazy).Sum(entry => entry.PageCount);

    private static async Task<IReadOnlyDictionary<int, PagemapImage>> DumpAsync(Started started, string? library)
    {
        var dump = started.PrepareDump(library: library);
        Array.ForEach(started.Container.Cgroup.Processes(), dump.LookAhead);
        await dump.RunAsync();
        return PagemapImage.ReadAll($"{started.Lab.Images}/img");
    }

    private Dictionary<string, string> Mappings()
        => Directory.EnumerateFiles($"{_lab.Images}/img", "mm-*.img").ToDictionary(path => path, path => Convert.ToHexString(File.ReadAllBytes(path)));

    private long HiddenPages() => Directory.EnumerateFiles($"{_lab.State}/dump/pages", "*.hidden").Select(File.ReadAllBytes)
        .Sum(bytes => System.Runtime.InteropServices.MemoryMarshal.Cast<byte, ulong>(bytes).ToArray().Chunk(2).Sum(run => (long)(run[1] - run[0]) / 4096));
}
