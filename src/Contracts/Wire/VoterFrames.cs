namespace ActorMigration.Contracts;

/// <summary>
/// Requests and replies of voters on the wire, independent of Akka and its serialisers, so that a voter of another version can be asked.
/// A frame's payload is: version (1 byte, now 1), kind (1 byte), fields in the order of the records. Before it a listener and a client put its length (4 bytes,
/// big-endian, at most <see cref="MaxBytes"/>). Layout of each kind: docs/protocol.md.
/// </summary>
public static partial class VoterFrames
{
    /// <summary>Largest payload, in bytes: a registration with the certificate before it, signatures with certificates, five voters.</summary>
    public const int MaxBytes = 128 * 1024;

    /// <summary>Of this layout; another one is refused.</summary>
    public const byte Version = 1;

    /// <summary>Payload of a request.</summary>
    public static byte[] Encode(VoterRequest request)
    {
        var writer = new WireWriter().Byte(Version);
        switch (request)
        {
            case VoterRequest.AskFloor r:
                writer.Byte(1).Text(r.Container.Value);
                break;
            case VoterRequest.Begin r:
                Write(writer.Byte(2), r.Registration);
                break;
            case VoterRequest.Prepare r:
                Write(DecisionBytes.Write(writer.Byte(3), r.Register), r.Ballot);
                break;
            case VoterRequest.Accept r:
                Write(DecisionBytes.Write(writer.Byte(4), r.Register), r.Ballot);
                Write(writer.Byte((byte)r.Value), r.Token);
                break;
            case VoterRequest.Learn r:
                Write(writer.Byte(5), r.Certificate);
                break;
            case VoterRequest.Withdraw r:
                DecisionBytes.Write(writer.Byte(6), r.Register);
                break;
            case VoterRequest.Release r:
                writer.Byte(7).Text(r.Container.Value).I64(r.Epoch);
                break;
            case VoterRequest.AskMemory r:
                writer.Byte(8).Byte(r.After is null ? (byte)0 : (byte)1);
                if (r.After is { } after)
                {
                    writer.Text(after.Value);
                }

                break;
            case VoterRequest.PrepareResolution r:
                Write(writer.Byte(9), r.Registration);
                writer.I32(r.Generation).Byte((byte)r.Value).Byte(r.IsLost ? (byte)1 : (byte)0);
                break;
            case VoterRequest.ConsentToResolution r:
                DecisionBytes.Write(writer.Byte(10), r.Resolution);
                break;
            case VoterRequest.SpreadResolution r:
                Write(writer.Byte(11), r.Register.Registration);
                Write(writer, r.Register.Certificate);
                break;
            case VoterRequest.AskResolutions:
                writer.Byte(12);
                break;
            case VoterRequest.AskWhetherLost r:
                Write(writer.Byte(13), r.Registration);
                break;
            default:
                throw new ArgumentException($"{request.GetType().Name} has no frame", nameof(request));
        }

        return writer.ToArray();
    }

    /// <summary>The request in a payload; throws <see cref="WireFormatException"/> for anything else.</summary>
    public static VoterRequest DecodeRequest(ReadOnlySpan<byte> payload)
    {
        var reader = Open(payload);
        VoterRequest request = reader.Byte() switch
        {
            1 => new VoterRequest.AskFloor(ReadContainer(ref reader)),
            2 => new VoterRequest.Begin(ReadRegistration(ref reader, mostPrevious: 1)),
            3 => new VoterRequest.Prepare(ReadRegister(ref reader), ReadBallot(ref reader)),
            4 => new VoterRequest.Accept(ReadRegister(ref reader), ReadBallot(ref reader), ReadVerdict(ref reader), ReadToken(ref reader)),
            5 => new VoterRequest.Learn(ReadCertificate(ref reader)),
            6 => new VoterRequest.Withdraw(ReadRegister(ref reader)),
            7 => new VoterRequest.Release(ReadContainer(ref reader), reader.I64()),
            8 => new VoterRequest.AskMemory(ReadPresence(ref reader) ? ReadContainer(ref reader) : null),
            9 => new VoterRequest.PrepareResolution(ReadRegistration(ref reader, mostPrevious: 0), ReadGeneration(ref reader), ReadVerdict(ref reader), ReadPresence(ref reader)),
            10 => new VoterRequest.ConsentToResolution(ReadResolution(ref reader)),
            11 => new VoterRequest.SpreadResolution(new ClosedRegister(ReadRegistration(ref reader, mostPrevious: 0), ReadCertificate(ref reader))),
            12 => new VoterRequest.AskResolutions(),
            13 => new VoterRequest.AskWhetherLost(ReadRegistration(ref reader, mostPrevious: 0)),
            var kind => throw new WireFormatException($"a request of unknown kind {kind}"),
        };
        reader.End();
        return request;
    }

    /// <summary>Payload of a reply.</summary>
    public static byte[] Encode(VoterReply reply)
    {
        var writer = new WireWriter().Byte(Version);
        switch (reply)
        {
            case VoterReply.Floor r:
                Write(writer.Byte(1).Text(r.Voter.Value).Uuid(r.Incarnation), r.Container, r.Lowest, r.Owner);
                writer.Byte(r.Open is null ? (byte)0 : (byte)1);
                if (r.Open is { } open)
                {
                    DecisionBytes.Write(writer, open);
                }

                writer.I32(r.Set);
                break;
            case VoterReply.Registered r:
                writer.Byte(2).Text(r.Voter.Value).Uuid(r.Incarnation);
                break;
            case VoterReply.BeginRefused r:
                writer.Byte(3).Text(r.Voter.Value).Byte((byte)r.Reason).Text(r.Sentence);
                break;
            case VoterReply.Promised r:
                Write(writer.Byte(4).Text(r.Voter.Value), r.Ballot);
                writer.Byte(r.AcceptedBallot is null ? (byte)0 : (byte)1);
                if (r is { AcceptedBallot: { } ballot, AcceptedValue: { } value })
                {
                    Write(writer, ballot);
                    Write(writer.Byte((byte)value), r.AcceptedToken);
                }

                break;
            case VoterReply.Outbid r:
                Write(writer.Byte(5).Text(r.Voter.Value), r.Highest);
                break;
            case VoterReply.Accepted r:
                Write(writer.Byte(6), r.Accept);
                break;
            case VoterReply.Decided r:
                Write(writer.Byte(7), r.Certificate);
                break;
            case VoterReply.UnknownRegister r:
                writer.Byte(8).Text(r.Voter.Value);
                break;
            case VoterReply.Forgotten r:
                writer.Byte(9).Text(r.Voter.Value);
                break;
            case VoterReply.Refused r:
                writer.Byte(10).Text(r.Voter.Value).Text(r.Sentence);
                break;
            case VoterReply.Done r:
                writer.Byte(11).Text(r.Voter.Value);
                break;
            case VoterReply.Memory r:
                Write(writer.Byte(12).Text(r.Voter.Value).Uuid(r.Incarnation).Byte((byte)r.Standing), r.Founders);
                writer.I32(r.Floors.Length);
                foreach (var floor in r.Floors)
                {
                    Write(writer, floor.Container, floor.Lowest, floor.Owner);
                    Write(writer, floor.Unsettled);
                }

                Write(writer.Byte(r.HasMore ? (byte)1 : (byte)0), r.Set);
                break;
            case VoterReply.ResolutionPromised r:
                writer.Byte(13).Text(r.Voter.Value).I32(r.Generation).Byte(r.ConsentedTo is null ? (byte)0 : (byte)1);
                if (r.ConsentedTo is { } consented)
                {
                    DecisionBytes.Write(writer, consented);
                }

                break;
            case VoterReply.Consented r:
                Write(writer.Byte(14), r.Consent);
                break;
            case VoterReply.Resolutions r:
                writer.Byte(15).Text(r.Voter.Value).Byte(r.IsMember ? (byte)1 : (byte)0).I32(r.Registers.Length);
                foreach (var register in r.Registers)
                {
                    Write(writer, register.Registration);
                    Write(writer, register.Certificate);
                }

                break;
            default:
                throw new ArgumentException($"{reply.GetType().Name} has no frame", nameof(reply));
        }

        return writer.ToArray();
    }

    /// <summary>The reply in a payload; throws <see cref="WireFormatException"/> for anything else.</summary>
    public static VoterReply DecodeReply(ReadOnlySpan<byte> payload)
    {
        var reader = Open(payload);
        VoterReply reply = reader.Byte() switch
        {
            1 => ReadFloorReply(ref reader),
            2 => new VoterReply.Registered(ReadHost(ref reader), reader.Uuid()),
            3 => new VoterReply.BeginRefused(ReadHost(ref reader), ReadRefusal(ref reader), reader.Text(MaxSentence)),
            4 => ReadPromised(ref reader),
            5 => new VoterReply.Outbid(ReadHost(ref reader), ReadBallot(ref reader)),
            6 => new VoterReply.Accepted(ReadAccept(ref reader)),
            7 => new VoterReply.Decided(ReadCertificate(ref reader)),
            8 => new VoterReply.UnknownRegister(ReadHost(ref reader)),
            9 => new VoterReply.Forgotten(ReadHost(ref reader)),
            10 => new VoterReply.Refused(ReadHost(ref reader), reader.Text(MaxSentence)),
            11 => new VoterReply.Done(ReadHost(ref reader)),
            12 => new VoterReply.Memory(
                ReadHost(ref reader), reader.Uuid(), ReadStanding(ref reader), ReadVoters(ref reader), ReadFloors(ref reader), ReadPresence(ref reader), ReadSet(ref reader)),
            13 => new VoterReply.ResolutionPromised(ReadHost(ref reader), ReadGeneration(ref reader), ReadPresence(ref reader) ? ReadResolution(ref reader) : null),
            14 => new VoterReply.Consented(ReadConsent(ref reader)),
            15 => new VoterReply.Resolutions(ReadHost(ref reader), ReadPresence(ref reader), ReadClosed(ref reader)),
            var kind => throw new WireFormatException($"a reply of unknown kind {kind}"),
        };
        reader.End();
        return reply;
    }

    private static WireReader Open(ReadOnlySpan<byte> payload)
    {
        if (payload.Length > MaxBytes)
        {
            throw new WireFormatException($"{payload.Length} bytes where at most {MaxBytes} are allowed");
        }

        var reader = new WireReader(payload);
        var version = reader.Byte();
        return version == Version ? reader : throw new WireFormatException($"layout version {version}; this node speaks {Version}");
    }

    private static BeginRefusal ReadRefusal(ref WireReader reader)
        => (BeginRefusal)reader.Byte() is var reason && Enum.IsDefined(reason) ? reason : throw new WireFormatException("a refusal of unknown reason");

    private static VoterStanding ReadStanding(ref WireReader reader)
        => (VoterStanding)reader.Byte() is var standing && Enum.IsDefined(standing) ? standing : throw new WireFormatException("a voter of unknown standing");

    private static VoterReply.Floor ReadFloorReply(ref WireReader reader)
    {
        var (voter, incarnation) = (ReadHost(ref reader), reader.Uuid());
        var (container, lowest, owner) = ReadFloor(ref reader);
        return new VoterReply.Floor(voter, incarnation, container, lowest, owner, ReadPresence(ref reader) ? ReadRegister(ref reader) : null) { Set = reader.I32() };
    }

    private static VoterReply.Promised ReadPromised(ref WireReader reader)
    {
        var (voter, ballot) = (ReadHost(ref reader), ReadBallot(ref reader));
        return ReadPresence(ref reader)
            ? new VoterReply.Promised(voter, ballot, ReadBallot(ref reader), ReadVerdict(ref reader), ReadToken(ref reader))
            : new VoterReply.Promised(voter, ballot, null, null, null);
    }
}
