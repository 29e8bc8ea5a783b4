using Microsoft.Win32.SafeHandles;
using static ActorMigration.Host.Linux.Interop.LazyFault;

namespace ActorMigration.Host.Linux.Pager;

/// <summary>How far the pager is. The number is in the event log and in the status.</summary>
public enum PagerPhase
{
    /// <summary>The restore has not handed over its processes yet.</summary>
    Waiting = 0,

    /// <summary>All userfaultfds are here; faults are served, nothing is filled yet.</summary>
    Armed = 1,

    /// <summary>The container may run; pages are filled in behind the faults.</summary>
    Filling = 2,

    /// <summary>Nothing is missing any more, or nobody is left to miss it.</summary>
    Filled = 3,

    /// <summary>A page cannot be brought. Who misses it stays blocked and never reads a zero page in its place.</summary>
    Failed = 4,
}

/// <summary>One entry of the log: which address space, and the kernel's message about it.</summary>
internal readonly record struct LoggedEvent(uint Space, uffd_msg Message);

/// <summary>
/// What happened to the restored address spaces, in shared memory that outlives the pager. The kernel's messages are read
/// **into** the log: read(2) completes its copy even when the reader is being killed, so there is no instant in which an event
/// has been taken from the kernel (and its process let go) and is not in the log. A successor replays it over the sets of
/// missing pages and so never puts a page back that the program discarded.
/// <code>
///   0  "AMEV"   4 u32 version = 1   8 i32 phase   16 u64 count of complete entries
///  64  entries of 40 bytes: u32 space | u32 0 | uffd_msg (32 bytes)
/// </code>
/// The entry at index count is the one being read; it counts when its event is not 0 and not a page fault. Two kinds of entry
/// are the pager's own: <see cref="SpaceAdded"/> (ufd = descriptor, second = image pid, third = host pid) and <see cref="SpaceGone"/>.
/// </summary>
internal sealed unsafe class EventLog : IDisposable
{
    internal const byte SpaceAdded = 1;
    internal const byte SpaceGone = 2;

    /// <summary>
    /// Entries of the sparse file: only events that concern memory from the images stay in it, so a million is a program that discards
    /// piece by piece all of a 4 GiB heap within its first second.
    /// </summary>
    internal const int Capacity = 1 << 20;

    private const int HeaderBytes = 64;
    private const int EntryBytes = 40;
    private const nuint Length = HeaderBytes + ((nuint)Capacity * EntryBytes);
    private const uint Magic = 0x56454D41; // "AMEV"

    private readonly byte* _map;

    private EventLog(byte* map, SafeFileHandle file)
    {
        _map = map;
        File = file;
    }

    internal PagerPhase Phase
    {
        get => (PagerPhase)(*(int*)(_map + 8));
        set => *(int*)(_map + 8) = (int)value;
    }

    private ref ulong Count => ref *(ulong*)(_map + 16);

    /// <summary>The memfd behind the log: its number is told to the keeper, which takes a duplicate.</summary>
    internal SafeFileHandle File { get; }

    internal static EventLog Create()
    {
        var file = MemfdCreate("amig-events", MFD_CLOEXEC);
        if (file.IsInvalid || FTruncate(file, (long)Length) != 0)
        {
            throw LinuxException.FromLastError("memfd_create", "the event log");
        }

        var log = new EventLog(Map(file), file);
        *(uint*)log._map = Magic;
        *(uint*)(log._map + 4) = 1;
        return log;
    }

    /// <summary>Opens the log of another process through a duplicate of its descriptor.</summary>
    internal static EventLog Open(SafeFileHandle file)
    {
        var log = new EventLog(Map(file), file);
        return *(uint*)log._map == Magic && *(uint*)(log._map + 4) == 1 ? log : throw new InvalidDataException("the pager's event log is not of version 1");
    }

    /// <summary>
    /// Reads the next message about a space into the log; null when there is none. A page fault does not stay in the log; any
    /// other stays when <see cref="Keep"/> is called, which must be before the next read.
    /// </summary>
    internal uffd_msg? ReadFrom(SafeFileHandle userfault, uint space)
    {
        if (Count >= Capacity - 2)
        {
            throw new EventLogFullException();
        }

        var entry = Entry(Count);
        var message = (uffd_msg*)(entry + 8);
        // In this order: a kill in between must not leave an old message under a new space.
        message->@event = 0;
        *(uint*)entry = space;
        // SAFETY: the entry has room for the 32 bytes of one message; its page is present since the write above.
        var read = Interop.Read(userfault, (byte*)message, (nuint)sizeof(uffd_msg));
        if (read == sizeof(uffd_msg))
        {
            return *message;
        }

        var failure = LinuxException.FromLastError("read", "a restore userfaultfd");
        return failure.Errno is Interop.Errno.EAGAIN or Interop.Errno.EINTR ? null : throw failure;
    }

    /// <summary>Makes the entry that was read last a part of the history.</summary>
    internal void Keep() => Count++;

    /// <summary>Adds an entry of the pager's own.</summary>
    internal void Add(uint space, uffd_msg message)
    {
        var entry = Entry(Count);
        *(uint*)entry = space;
        *(uffd_msg*)(entry + 8) = message;
        Count++;
    }

    /// <summary>The whole history, with the entry that its writer was killed over.</summary>
    internal List<LoggedEvent> Replay()
    {
        var events = new List<LoggedEvent>();
        for (ulong i = 0; i <= Count && i < Capacity; i++)
        {
            var entry = Entry(i);
            var message = *(uffd_msg*)(entry + 8);
            if (i < Count || message.@event is not (0 or UFFD_EVENT_PAGEFAULT))
            {
                events.Add(new LoggedEvent(*(uint*)entry, message));
            }
        }

        return events;
    }

    public void Dispose()
    {
        _ = Interop.MUnmap((nint)_map, Length);
        File.Dispose();
    }

    private byte* Entry(ulong index) => _map + HeaderBytes + (index * EntryBytes);

    private static byte* Map(SafeFileHandle file)
    {
        var map = Interop.MMap(0, Length, Interop.PROT_READ | Interop.PROT_WRITE, Interop.MAP_SHARED, file, 0);
        return map != Interop.MAP_FAILED ? (byte*)map : throw LinuxException.FromLastError("mmap", "the event log");
    }
}

/// <summary>
/// No room for a further event. The pager ends with it before it reads one: the keeper takes over with a fresh log and the
/// container frozen, which makes no further events.
/// </summary>
internal sealed class EventLogFullException() : Exception($"the event log has {EventLog.Capacity} entries; the keeper goes on from here");
