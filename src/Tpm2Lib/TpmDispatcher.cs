namespace Tpm2Lib;

/// <summary>Frames one command, sends it (again, while the TPM says so) and takes the response apart to the last byte.</summary>
internal sealed class TpmDispatcher(Tpm2Device device, TimeProvider time)
{
    /// <summary>Bytes: tag, size, code.</summary>
    private const int HeaderBytes = 10;

    /// <summary>Times a command is sent while the TPM answers RETRY: with the waits doubling from 10 ms, 1.3 s in all.</summary>
    private const int MaxTries = 8;

    private static readonly TimeSpan FirstRetryWait = TimeSpan.FromMilliseconds(10);

    public T Run<T>(
        TpmCommand command,
        TpmHandle[] handles,
        SessionBase[] sessions,
        Action<TpmCodec> write,
        Func<TpmCodec, T> read,
        out TpmHandle? returned)
    {
        var request = Frame(command, handles, sessions, write);
        var wait = FirstRetryWait;
        for (var tries = 1; ; tries++, wait *= 2)
        {
            device.DispatchCommand(new CommandModifier(), request, out var bytes);
            var response = new TpmCodec(bytes);
            var (tag, code) = ReadHeader(response, bytes.Length);
            if (code == TpmRc.Success)
            {
                return ReadBody(command, sessions, tag, response, read, out returned);
            }

            response.End("an error response");
            if (code != TpmRc.Retry || tries == MaxTries)
            {
                throw new TpmException(command.Code, code);
            }

            Task.Delay(wait, time).GetAwaiter().GetResult();
        }
    }

    private static byte[] Frame(TpmCommand command, TpmHandle[] handles, SessionBase[] sessions, Action<TpmCodec> write)
    {
        var body = new TpmCodec();
        Array.ForEach(handles, handle => body.Inline(handle));
        if (sessions.Length > 0)
        {
            var area = new TpmCodec();
            for (var i = 0; i < sessions.Length; i++)
            {
                sessions[i].Write(area, handles[i]);
            }

            var bytes = area.ToArray();
            body.U32((uint)bytes.Length);
            body.Fixed(bytes, bytes.Length);
        }

        write(body);
        var rest = body.ToArray();
        var frame = new TpmCodec();
        frame.U16((ushort)(sessions.Length > 0 ? TpmSt.Sessions : TpmSt.NoSessions));
        frame.U32((uint)(HeaderBytes + rest.Length));
        frame.U32((uint)command.Code);
        frame.Fixed(rest, rest.Length);
        return frame.ToArray();
    }

    private static (TpmSt Tag, TpmRc Code) ReadHeader(TpmCodec response, int length)
    {
        var tag = (TpmSt)response.U16(0);
        var size = response.U32(0);
        var code = (TpmRc)response.U32(0);
        if (size != length)
        {
            throw new TpmMalformedResponseException($"a response of {length} bytes says that it has {size}");
        }

        if (tag is not (TpmSt.NoSessions or TpmSt.Sessions) || (code != TpmRc.Success && tag != TpmSt.NoSessions))
        {
            throw new TpmMalformedResponseException($"a response with code 0x{(uint)code:X} has tag 0x{(ushort)tag:X4}");
        }

        return (tag, code);
    }

    private static T ReadBody<T>(
        TpmCommand command, SessionBase[] sessions, TpmSt tag, TpmCodec response, Func<TpmCodec, T> read, out TpmHandle? returned)
    {
        if (tag != (sessions.Length > 0 ? TpmSt.Sessions : TpmSt.NoSessions))
        {
            throw new TpmMalformedResponseException($"the response to {command.Code} has tag 0x{(ushort)tag:X4}");
        }

        returned = command.ReturnsHandle ? response.Inline<TpmHandle>(null) : null;
        var size = sessions.Length > 0 ? response.U32(0) : (uint)response.Remaining;
        if (size > response.Remaining)
        {
            throw new TpmMalformedResponseException($"the response to {command.Code} has {response.Remaining} bytes of parameters, not {size}");
        }

        var parameters = new TpmCodec(response.Fixed(null, (int)size));
        foreach (var session in sessions)
        {
            ReadSession(session, response);
        }

        response.End($"the response to {command.Code}");
        var result = read(parameters);
        parameters.End($"the parameters of the response to {command.Code}");
        return result;
    }

    /// <summary>TPMS_AUTH_RESPONSE: nonce, attributes, acknowledgement. The latter is empty for passwords and for policies without HMAC.</summary>
    private static void ReadSession(SessionBase session, TpmCodec response)
    {
        var nonce = response.Sized16(null);
        response.U8(0);
        response.Sized16(null);
        if (session is AuthSession policy)
        {
            policy.NonceTpm = nonce;
        }
    }
}
