using System.Text;
using ActorMigration.Host.Linux.Tracking;
using CsCheck;

namespace ActorMigration.Host.Tests.Linux.Tracking;

public sealed class MapsReaderSpec
{
    private const string RealFile = """
        00400000-00401000 r--p 00000000 fe:00 1572881                            /usr/bin/my program
        00e2f000-00e50000 rw-p 00000000 00:00 0                                  [heap]
        7f0000000000-7f0000200000 rw-p 00000000 00:10 5                          /anon_hugepage (deleted)
        7f1c8a000000-7f1c8a021000 rw-p 00000000 00:00 0 
        7f1c8a021000-7f1c8e000000 ---p 00000000 00:00 0 
        7f1c90000000-7f1c90002000 rw-s 00000000 00:11 1040                       /[aio] (deleted)
        7f1c90100000-7f1c90200000 rw-s 00000000 00:01 3072                       /dev/zero (deleted)
        7fff5c000000-7fff5c004000 r--p 00000000 00:00 0                          [vvar]
        7fff5c006000-7fff5c008000 r-xp 00000000 00:00 0                          [vdso]
        7fff5c200000-7fff5c221000 rw-p 00000000 00:00 0                          [stack]
        ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]

        """;

    [Fact]
    public void Reads_what_the_kernel_writes()
    {
        var mappings = Read(RealFile);

        Assert.Equal(11, mappings.Count);
        Assert.Equal(new MemoryMapping(0x400000, 0x401000, MappingAccess.Read, HasFile: true, IsSpecial: false), mappings[0].Mapping);
        Assert.Equal("/usr/bin/my program", mappings[0].Path);
        Assert.Equal(new MemoryMapping(0x7f1c8a000000, 0x7f1c8a021000, MappingAccess.Read | MappingAccess.Write, HasFile: false, IsSpecial: false), mappings[3].Mapping);
        Assert.Equal(0xffffffffff601000, mappings[10].Mapping.End);
    }

    [Fact]
    public void Wants_private_memory_and_nothing_of_the_kernels()
        => Assert.Equal(
            [true, true, true, true, true, false, false, false, false, true, false],
            Read(RealFile).Select(line => line.Mapping.IsWanted));

    [Theory]
    [InlineData("nonsense")]
    [InlineData("1000-2000\n")]
    [InlineData("2000-1000 rw-p 00000000 00:00 0 \n")]
    [InlineData("1000-2000 rw")]
    [InlineData("1000-00000000000000000002000 rw-p 00000000 00:00 0 \n")]
    public void Refuses_another_form(string text) => Assert.Throws<FormatException>(() => Read(text));

    [Fact]
    public void Any_mapping_is_read_back()
        => Gen.Select(Gen.ULong[0, (1UL << 47) - 2], Gen.ULong[1, 1UL << 40], Gen.Int[0, 15], Gen.Char['!', '~'].Array[0, 40]).Sample((start, length, bits, name) =>
        {
            var access = (MappingAccess)bits;
            var letters = $"{(bits & 1) switch { 0 => '-', _ => 'r' }}{(bits & 2) switch { 0 => '-', _ => 'w' }}{(bits & 4) switch { 0 => '-', _ => 'x' }}{(bits & 8) switch { 0 => 'p', _ => 's' }}";
            var path = "/" + new string(name);

            var (mapping, read) = Assert.Single(Read($"{start:x}-{start + length:x} {letters} 00001000 fe:00 77   {path}\n"));

            Assert.Equal(new MemoryMapping(start, start + length, access, HasFile: true, IsSpecial: false), mapping);
            Assert.Equal(path, read);
        });

    private static List<(MemoryMapping Mapping, string Path)> Read(string text)
    {
        var maps = new MapsReader(Encoding.UTF8.GetBytes(text));
        var all = new List<(MemoryMapping, string)>();
        while (maps.MoveNext())
        {
            all.Add((maps.Current, Encoding.UTF8.GetString(maps.Path)));
        }

        return all;
    }
}
