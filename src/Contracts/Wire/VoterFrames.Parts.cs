namespace ActorMigration.Contracts;

/// <summary>The records that requests and replies are made of.</summary>
public static partial class VoterFrames
{
    private const int MaxName = ContainerName.MaxLength;
    private const int MaxDigest = 64;

    /// <summary>Bytes of a node's signature, its certificate included.</summary>
    private const int MaxSignature = 8 * 1024;

    /// <summary>Bytes of an SPKI.</summary>
    private const int MaxKey = 1024;

    private const int MaxSentence = 4 * 1024;

    /// <summary>Most voters of a register that any version allows.</summary>
    private const int MaxVoters = 9;

    /// <summary>Hosts that have a part in a register: its voters and both sides.</summary>
    private const int MaxHosts = MaxVoters + 2;

    /// <summary>Bytes of an operator's name.</summary>
    public const int MaxOperator = 128;

    /// <summary>Bytes of an operator's reason.</summary>
    public const int MaxReason = 512;

    /// <summary>Operator's verdicts in one answer; some 6 KiB each with five voters.</summary>
    public const int MaxResolutions = 8;

    /// <summary>Containers in one answer about a voter's memory; with the longest names and the most registers they are some 80 KiB.</summary>
    public const int MaxFloors = 64;

    /// <summary>Registers of one container whose verdict a voter does not know: one of each host that begins, and of each voter that was lost meanwhile.</summary>
    public const int MaxUnsettled = 16;

    private static ContainerName ReadContainer(ref WireReader reader)
    {
        var name = reader.Text(MaxName);
        return ContainerName.IsValid(name) ? new ContainerName(name) : throw new WireFormatException("a container name that none could have");
    }

    private static HostName ReadHost(ref WireReader reader)
    {
        var name = reader.Text(MaxName);
        return HostName.IsValid(name) ? new HostName(name) : throw new WireFormatException("a host name that none could have");
    }

    private static Fence ReadFence(ref WireReader reader) => new(reader.I64(), reader.I32());

    private static RegisterId ReadRegister(ref WireReader reader) => new(ReadContainer(ref reader), ReadFence(ref reader), new AttemptId(reader.Uuid()));

    private static void Write(WireWriter writer, Ballot ballot) => writer.I64(ballot.Counter).Text(ballot.Proposer.Value);

    private static Ballot ReadBallot(ref WireReader reader) => new(reader.I64(), ReadHost(ref reader));

    private static Verdict ReadVerdict(ref WireReader reader)
        => (Verdict)reader.Byte() is var verdict and (Verdict.Source or Verdict.Dest) ? verdict : throw new WireFormatException("a verdict that is neither SOURCE nor DEST");

    private static bool ReadPresence(ref WireReader reader) => reader.Byte() switch
    {
        0 => false,
        1 => true,
        var other => throw new WireFormatException($"{other} where 0 or 1 says whether something is so or follows"),
    };

    private static void Write(WireWriter writer, HandOverToken? token)
    {
        writer.Byte(token is null ? (byte)0 : (byte)1);
        if (token is not null)
        {
            DecisionBytes.Write(writer, new RegisterId(token.Container, token.Fence, token.Attempt))
                .Bytes(token.ManifestRoot).Bytes(token.DestinationKey).Bytes(token.SourceKey).Bytes(token.Signature);
        }
    }

    private static HandOverToken? ReadToken(ref WireReader reader)
    {
        if (!ReadPresence(ref reader))
        {
            return null;
        }

        var register = ReadRegister(ref reader);
        return new HandOverToken(
            register.Attempt, register.Container, register.Fence, reader.Bytes(MaxDigest), reader.Bytes(MaxDigest), reader.Bytes(MaxKey), reader.Bytes(MaxSignature));
    }

    private static void Write(WireWriter writer, SignedAccept accept)
    {
        writer.Text(accept.Voter.Value).Uuid(accept.Incarnation);
        DecisionBytes.Write(writer, accept.Register);
        Write(writer, accept.Ballot);
        writer.Byte((byte)accept.Value).Bytes(accept.Signature);
    }

    private static SignedAccept ReadAccept(ref WireReader reader)
        => new(ReadHost(ref reader), reader.Uuid(), ReadRegister(ref reader), ReadBallot(ref reader), ReadVerdict(ref reader), reader.Bytes(MaxSignature));

    private static void Write(WireWriter writer, VerdictCertificate certificate)
    {
        DecisionBytes.Write(writer, certificate.Register).Byte((byte)certificate.Value).I32(certificate.Accepts.Length);
        foreach (var accept in certificate.Accepts)
        {
            Write(writer, accept);
        }

        writer.Byte(certificate.ResolvedBy is null ? (byte)0 : (byte)1);
        if (certificate.ResolvedBy is { } resolved)
        {
            DecisionBytes.Write(writer, resolved.Resolution).I32(resolved.Consents.Length);
            foreach (var consent in resolved.Consents)
            {
                Write(writer, consent);
            }
        }
    }

    private static VerdictCertificate ReadCertificate(ref WireReader reader)
    {
        var register = ReadRegister(ref reader);
        var value = ReadVerdict(ref reader);
        var accepts = new SignedAccept[reader.Count(MaxVoters)];
        for (var i = 0; i < accepts.Length; i++)
        {
            accepts[i] = ReadAccept(ref reader);
        }

        return new VerdictCertificate(register, value, accepts, ReadPresence(ref reader) ? ReadResolvedBy(ref reader) : null);
    }

    private static int ReadGeneration(ref WireReader reader)
        => reader.I32() is var generation and > 0 ? generation : throw new WireFormatException("a generation below 1");

    private static Resolution ReadResolution(ref WireReader reader)
    {
        var (register, generation, value) = (ReadRegister(ref reader), ReadGeneration(ref reader), ReadVerdict(ref reader));
        var fenced = new HostName[reader.Count(MaxHosts)];
        for (var i = 0; i < fenced.Length; i++)
        {
            fenced[i] = ReadHost(ref reader);
        }

        return new Resolution(register, generation, value, fenced, reader.Text(MaxOperator), reader.Text(MaxReason), reader.I64(), ReadPresence(ref reader));
    }

    private static ResolvedBy ReadResolvedBy(ref WireReader reader)
    {
        var resolution = ReadResolution(ref reader);
        var consents = new SignedConsent[reader.Count(MaxHosts)];
        for (var i = 0; i < consents.Length; i++)
        {
            consents[i] = ReadConsent(ref reader);
        }

        return new ResolvedBy(resolution, consents);
    }

    private static ClosedRegister[] ReadClosed(ref WireReader reader)
    {
        var registers = new ClosedRegister[reader.Count(MaxResolutions)];
        for (var i = 0; i < registers.Length; i++)
        {
            registers[i] = new ClosedRegister(ReadRegistration(ref reader, mostPrevious: 0), ReadCertificate(ref reader));
        }

        return registers;
    }

    private static void Write(WireWriter writer, SignedConsent consent) => writer.Text(consent.Host.Value).Bytes(consent.Signature);

    private static SignedConsent ReadConsent(ref WireReader reader) => new(ReadHost(ref reader), reader.Bytes(MaxSignature));

    private static void Write(WireWriter writer, RegisteredVoter[] voters)
    {
        writer.I32(voters.Length);
        foreach (var voter in voters)
        {
            writer.Text(voter.Host.Value).Uuid(voter.Incarnation);
        }
    }

    private static void Write(WireWriter writer, VoterSet set)
    {
        writer.I32(set.Number).I32(set.Hosts.Length);
        foreach (var host in set.Hosts)
        {
            writer.Text(host.Value);
        }
    }

    private static VoterSet ReadSet(ref WireReader reader)
    {
        var number = reader.I32();
        var hosts = new HostName[reader.Count(MaxVoters)];
        for (var i = 0; i < hosts.Length; i++)
        {
            hosts[i] = ReadHost(ref reader);
        }

        return number >= VoterSet.First ? new VoterSet(number, hosts) : throw new WireFormatException($"a set of voters with the number {number}");
    }

    private static RegisteredVoter[] ReadVoters(ref WireReader reader)
    {
        var voters = new RegisteredVoter[reader.Count(MaxVoters)];
        for (var i = 0; i < voters.Length; i++)
        {
            voters[i] = new RegisteredVoter(ReadHost(ref reader), reader.Uuid());
        }

        return voters;
    }

    private static void Write(WireWriter writer, ContainerName container, Fence lowest, HostName? owner)
    {
        writer.Text(container.Value).I64(lowest.Epoch).I32(lowest.Ordinal).Byte(owner is null ? (byte)0 : (byte)1);
        if (owner is { } host)
        {
            writer.Text(host.Value);
        }
    }

    private static (ContainerName Container, Fence Lowest, HostName? Owner) ReadFloor(ref WireReader reader)
        => (ReadContainer(ref reader), ReadFence(ref reader), ReadPresence(ref reader) ? ReadHost(ref reader) : null);

    private static void Write(WireWriter writer, RegisterId[] unsettled)
    {
        writer.I32(unsettled.Length);
        foreach (var register in unsettled)
        {
            DecisionBytes.Write(writer, register);
        }
    }

    private static RegisterId[] ReadUnsettled(ref WireReader reader)
    {
        var unsettled = new RegisterId[reader.Count(MaxUnsettled)];
        for (var i = 0; i < unsettled.Length; i++)
        {
            unsettled[i] = ReadRegister(ref reader);
        }

        return unsettled;
    }

    private static ContainerFloor[] ReadFloors(ref WireReader reader)
    {
        var floors = new ContainerFloor[reader.Count(MaxFloors)];
        for (var i = 0; i < floors.Length; i++)
        {
            var (container, lowest, owner) = ReadFloor(ref reader);
            floors[i] = new ContainerFloor(container, lowest, owner, ReadUnsettled(ref reader));
        }

        return floors;
    }

    private static void Write(WireWriter writer, Registration registration)
    {
        DecisionBytes.Write(writer, registration.Register)
            .Byte((byte)registration.Kind)
            .Text(registration.Source.Value)
            .Text(registration.Destination.Value);
        Write(writer, registration.Voters);
        writer.Bytes(registration.SourceKeyDigest).I32(registration.Previous.Length);
        foreach (var previous in registration.Previous)
        {
            Write(writer, previous.Registration);
            Write(writer, previous.Certificate);
        }

        writer.Bytes(registration.Signature);
    }

    /// <param name="reader">At the registration.</param>
    /// <param name="mostPrevious">One for a registration that is begun, none for the one before it.</param>
    private static Registration ReadRegistration(ref WireReader reader, int mostPrevious)
    {
        var register = ReadRegister(ref reader);
        var kind = (RegisterKind)reader.Byte() is var k and (RegisterKind.Migration or RegisterKind.Creation)
            ? k
            : throw new WireFormatException("a register of unknown kind");
        var (source, destination) = (ReadHost(ref reader), ReadHost(ref reader));
        var voters = ReadVoters(ref reader);
        var keyDigest = reader.Bytes(MaxDigest);
        var previous = new ClosedRegister[reader.Count(mostPrevious)];
        for (var i = 0; i < previous.Length; i++)
        {
            previous[i] = new ClosedRegister(ReadRegistration(ref reader, mostPrevious: 0), ReadCertificate(ref reader));
        }

        return new Registration(register, kind, source, destination, voters, keyDigest, previous, reader.Bytes(MaxSignature));
    }
}
