using System.Runtime.CompilerServices;
using ActorMigration.Host.Linux;

namespace ActorMigration.Host.Tests.Linux.Tracking;

/// <summary>Sizes that the kernel's ioctl numbers encode, or that it checks.</summary>
public sealed class TrackingLayoutSpec
{
    [Fact]
    public void Structures_have_the_kernels_sizes()
    {
        Assert.Equal(96, Unsafe.SizeOf<Interop.PagemapScan.pm_scan_arg>());
        Assert.Equal(24, Unsafe.SizeOf<Interop.PagemapScan.page_region>());
        Assert.Equal(24, Unsafe.SizeOf<Interop.Userfaultfd.uffdio_api>());
        Assert.Equal(32, Unsafe.SizeOf<Interop.Userfaultfd.uffdio_register>());
        Assert.Equal(24, Unsafe.SizeOf<Interop.Userfaultfd.uffdio_writeprotect>());
        Assert.Equal(216, Unsafe.SizeOf<Interop.Ptrace.user_regs_struct>());
        Assert.Equal(24, Unsafe.SizeOf<Interop.Ptrace.ptrace_rseq_configuration>());
        Assert.Equal(16, Unsafe.SizeOf<Interop.iovec>());
    }
}
