using System.Runtime.InteropServices;
using ActorMigration.Contracts.Memory;
using Microsoft.Win32.SafeHandles;

namespace ActorMigration.Host.Linux.Tracking;

/// <summary>
/// Copies ranges of one process to the sink in batches of up to 1 MiB and notes their version. What cannot be read comes out
/// in <see cref="Owed"/>. One per round; the native buffer belongs to the tracker and is used for all.
/// </summary>
internal sealed unsafe class PageCopier
{
    /// <summary>Ranges per process_vm_readv; the kernel's limit is 1024, more than 256 gain nothing.</summary>
    private const int MaxRanges = 256;

    private readonly RemoteMemory _memory;
    private readonly byte* _buffer;
    private readonly Interop.iovec[] _ranges = new Interop.iovec[MaxRanges];
    private readonly IPageSink _sink;
    private readonly int _round;
    private readonly TimeProvider _time;
    private readonly CancellationToken _cancellation;
    private int _count;
    private int _filled;
    private Target _target;

    /// <summary>The buffer holds <see cref="IPageSink.MaxRunBytes"/>.</summary>
    internal PageCopier(RemoteMemory memory, byte* buffer, IPageSink sink, int round, TimeProvider time, CancellationToken cancellation)
    {
        _memory = memory;
        _buffer = buffer;
        _sink = sink;
        _round = round;
        _time = time;
        _cancellation = cancellation;
    }

    /// <summary>Pages whose content was sent.</summary>
    internal long ContentPages { get; private set; }

    /// <summary>Pages sent as zero ranges.</summary>
    internal long ZeroPages { get; private set; }

    /// <summary>Time in reads and in the sink.</summary>
    internal TimeSpan Elapsed { get; private set; }

    /// <summary>Ranges of the present target that could not be read.</summary>
    internal List<OwedRange> Owed { get; private set; } = [];

    /// <summary>Turns to another process; the one before must have been flushed.</summary>
    internal void Begin(int tid, SafeFileHandle memory, ProcessKey process, PageVersions versions)
    {
        _target = new Target(tid, memory, process, versions);
        Owed = [];
    }

    internal void Add(ulong start, ulong end)
    {
        while (start < end)
        {
            var length = (int)Math.Min(end - start, (ulong)(IPageSink.MaxRunBytes - _filled));
            _ranges[_count++] = new Interop.iovec { iov_base = start, iov_len = (ulong)length };
            _filled += length;
            start += (ulong)length;
            if (_count == MaxRanges || _filled == IPageSink.MaxRunBytes)
            {
                Flush();
            }
        }
    }

    /// <summary>Reads and sends what was added.</summary>
    internal void Flush()
    {
        if (_count == 0)
        {
            return;
        }

        _cancellation.ThrowIfCancellationRequested();
        var began = _time.GetTimestamp();
        fixed (Interop.iovec* ranges = _ranges)
        {
            // SAFETY: the ranges add up to _filled bytes, which is at most the size of the buffer.
            var read = (int)Math.Max(0, _memory.ReadV(_target.Tid, _buffer, (nuint)_filled, ranges, _count));
            var offset = 0;
            for (var i = 0; i < _count; i++)
            {
                var length = (int)_ranges[i].iov_len;
                var whole = Math.Clamp(read - offset, 0, length) & -PageSize.Bytes;
                Send(_ranges[i].iov_base, _buffer + offset, whole);
                if (whole < length)
                {
                    ReadSlowly(_ranges[i].iov_base + (ulong)whole, _buffer + offset + whole, length - whole);
                }

                offset += length;
            }
        }

        _count = 0;
        _filled = 0;
        Elapsed += _time.GetElapsedTime(began);
    }

    /// <summary>PROT_NONE pages with content (JVM, Go, V8) can only be read through /proc/PID/mem; what cannot be read even so is owed.</summary>
    private void ReadSlowly(ulong address, byte* buffer, int length)
    {
        while (length > 0)
        {
            var read = (int)_memory.ReadMem(_target.Memory, buffer, (nuint)length, address);
            var errno = read < 0 ? Marshal.GetLastPInvokeError() : Interop.Errno.EIO;
            var whole = Math.Max(0, read) & -PageSize.Bytes;
            if (whole > 0)
            {
                Send(address, buffer, whole);
            }
            else
            {
                whole = PageSize.Bytes;
                Owe(new OwedRange(address, address + PageSize.Bytes, "read of /proc/PID/mem", errno));
            }

            address += (ulong)whole;
            buffer += whole;
            length -= whole;
        }
    }

    private void Owe(OwedRange range)
    {
        if (Owed.Count > 0 && Owed[^1] is var last && last.End == range.Start && last.Errno == range.Errno && last.Call == range.Call)
        {
            Owed[^1] = last with { End = range.End };
        }
        else
        {
            Owed.Add(range);
        }
    }

    private void Send(ulong address, byte* buffer, int length)
    {
        var pages = new ReadOnlySpan<byte>(buffer, length);
        while (!pages.IsEmpty)
        {
            var run = Tracking.ZeroPages.FirstRun(pages, out var zero);
            if (zero)
            {
                _sink.Zero(_target.Process, address, run >> PageSize.Shift, _round);
                ZeroPages += run >> PageSize.Shift;
            }
            else
            {
                _sink.Pages(_target.Process, address, pages[..run], _round);
                ContentPages += run >> PageSize.Shift;
            }

            _target.Versions.Set(address, address + (ulong)run, _round);
            address += (ulong)run;
            pages = pages[run..];
        }
    }

    private readonly record struct Target(int Tid, SafeFileHandle Memory, ProcessKey Process, PageVersions Versions);
}
