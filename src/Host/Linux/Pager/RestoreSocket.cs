using System.Buffers.Binary;
using System.Net.Sockets;
using ActorMigration.Contracts.Wire;
using Microsoft.Win32.SafeHandles;
using static ActorMigration.Host.Linux.Interop.LazyFault;

namespace ActorMigration.Host.Linux.Pager;

/// <summary>What CRIU said on its lazy-pages socket.</summary>
internal abstract record RestoreMessage
{
    /// <summary>A restored process and the userfaultfd of its memory.</summary>
    internal sealed record Process(int ImagePid, int HostPid, SafeFileHandle Userfault) : RestoreMessage;

    /// <summary>A zombie is restored without memory.</summary>
    internal sealed record Zombie(int ImagePid) : RestoreMessage;

    /// <summary>All processes are restored and their mappings registered.</summary>
    internal sealed record Finished : RestoreMessage;

    /// <summary>The restore closed its end.</summary>
    internal sealed record Closed : RestoreMessage;
}

/// <summary>
/// CRIU's side of the pager: <c>lazy-pages.socket</c> in the restore's work directory, a Unix stream socket on which each
/// restored task sends i32 pid (its pid in the images, negative for a zombie), then one byte with its userfaultfd attached;
/// and at the end CRIU itself sends 0x52535446. As of CRIU 3.19 to 4.2.
/// </summary>
internal sealed unsafe class RestoreSocket : IDisposable
{
    internal const string Name = "lazy-pages.socket";
    private const int RestoreFinished = 0x5253_5446;

    private readonly string _path;
    private readonly Socket _listener;
    private Socket? _restore;
    private (int ImagePid, int HostPid)? _announced;

    /// <param name="path">By default in the current directory: a Unix address holds 107 characters, and work directories may have more.</param>
    internal RestoreSocket(string path = Name)
    {
        _path = path;
        File.Delete(path);
        _listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { Blocking = false };
        // So that the kernel attaches each sender's pid as this process sees it: here already, as a restore that sends between accept and a later setsockopt would be nobody. The connection inherits it.
        var on = 1;
        if (SetSockOpt((int)_listener.Handle, SOL_SOCKET, SO_PASSCRED, &on, sizeof(int)) != 0)
        {
            throw LinuxException.FromLastError("setsockopt(SO_PASSCRED)", Name);
        }

        _listener.Bind(new UnixDomainSocketEndPoint(path));
        _listener.Listen(1);
    }

    /// <summary>To be polled for input; -1 once the restore has closed its end.</summary>
    internal int Descriptor => (int)(_restore ?? _listener).Handle;

    /// <summary>Takes what is there; null when nothing is. Throws <see cref="InvalidDataException"/> for what CRIU does not say.</summary>
    internal RestoreMessage? Receive()
    {
        if (_restore is null)
        {
            _restore = _listener.Accept();
            _restore.Blocking = false;
            return null;
        }

        var bytes = stackalloc byte[sizeof(int)];
        const int controlBytes = 128;
        var control = stackalloc byte[controlBytes];
        var vector = new Interop.iovec { iov_base = (ulong)bytes, iov_len = sizeof(int) };
        var message = new msg_hdr { msg_iov = &vector, msg_iovlen = 1, msg_control = control, msg_controllen = controlBytes };
        var received = RecvMsg((int)_restore.Handle, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        if (received < 0)
        {
            var failure = LinuxException.FromLastError("recvmsg", Name);
            return failure.Errno is Interop.Errno.EAGAIN or Interop.Errno.EINTR ? null : throw failure;
        }

        var (descriptor, pid) = Attached(control, message.msg_controllen);
        return Understand(new ReadOnlySpan<byte>(bytes, (int)received), descriptor, pid);
    }

    public void Dispose()
    {
        _restore?.Dispose();
        _listener.Dispose();
        File.Delete(_path);
    }

    private RestoreMessage? Understand(ReadOnlySpan<byte> bytes, SafeFileHandle? descriptor, int sender)
    {
        if (bytes.IsEmpty)
        {
            return new RestoreMessage.Closed();
        }

        if (_announced is { } announced)
        {
            _announced = null;
            return bytes.Length == 1 && descriptor is not null
                ? new RestoreMessage.Process(announced.ImagePid, announced.HostPid, descriptor)
                : throw new InvalidDataException($"the restore announced process {announced.ImagePid} and sent {bytes.Length} bytes without a descriptor");
        }

        var number = bytes.Length == sizeof(int) ? BinaryPrimitives.ReadInt32LittleEndian(bytes) : 0;
        switch (number)
        {
            case RestoreFinished:
                return new RestoreMessage.Finished();
            case > 0 and <= PageFrameLimits.MaxPid when sender <= 0:
                throw new InvalidDataException($"the kernel does not say who announced process {number}");
            case > 0 and <= PageFrameLimits.MaxPid:
                _announced = (number, sender);
                return null;
            case < 0 and >= -PageFrameLimits.MaxPid:
                return new RestoreMessage.Zombie(-number);
            default:
                throw new InvalidDataException($"the restore sent {bytes.Length} bytes, {number}, which is neither a pid nor its end");
        }
    }

    private static (SafeFileHandle? Descriptor, int Pid) Attached(byte* control, nuint length)
    {
        SafeFileHandle? descriptor = null;
        var pid = 0;
        for (nuint at = 0; at + (nuint)sizeof(cmsg_hdr) <= length;)
        {
            // SAFETY: the kernel wrote whole headers within length; data follows the 16-byte header.
            var header = (cmsg_hdr*)(control + at);
            if (header->cmsg_len < (nuint)sizeof(cmsg_hdr))
            {
                break;
            }

            var data = (int*)(control + at + (nuint)sizeof(cmsg_hdr));
            if (header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS)
            {
                descriptor = new SafeFileHandle(*data, ownsHandle: true);
            }
            else if (header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_CREDENTIALS)
            {
                pid = *data;
            }

            at += (header->cmsg_len + 7) & ~(nuint)7;
        }

        return (descriptor, pid);
    }
}
