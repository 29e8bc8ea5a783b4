namespace ActorMigration.Contracts;

/// <summary>The canonical bytes of decision records, as they are signed. Each begins with its own domain tag, so that no signature passes as another's.</summary>
public static class DecisionBytes
{
    private const string RegistrationTag = "amig/registration/1";
    private const string AcceptTag = "amig/accept/1";
    private const string ConsentTag = "amig/consent/1";

    /// <summary>What the source's node key signs; every field but the signature. Previous verdicts prove themselves and are not part of it.</summary>
    public static byte[] ToSign(Registration registration)
    {
        var writer = new WireWriter().Text(RegistrationTag);
        Write(writer, registration.Register)
            .Byte((byte)registration.Kind)
            .Text(registration.Source.Value)
            .Text(registration.Destination.Value)
            .I32(registration.Voters.Length);
        foreach (var voter in registration.Voters)
        {
            writer.Text(voter.Host.Value).Uuid(voter.Incarnation);
        }

        return writer.Bytes(registration.SourceKeyDigest).ToArray();
    }

    /// <summary>What a voter's node key signs when it accepts.</summary>
    public static byte[] ToSign(SignedAccept accept)
    {
        var writer = new WireWriter().Text(AcceptTag).Text(accept.Voter.Value).Uuid(accept.Incarnation);
        return Write(writer, accept.Register)
            .I64(accept.Ballot.Counter)
            .Text(accept.Ballot.Proposer.Value)
            .Byte((byte)accept.Value)
            .ToArray();
    }

    /// <summary>What the node key of <paramref name="host"/> signs when it consents to a resolution.</summary>
    public static byte[] ToSign(HostName host, Resolution resolution) => Write(new WireWriter().Text(ConsentTag).Text(host.Value), resolution).ToArray();

    /// <summary>All of a resolution; also part of the voters' frames.</summary>
    public static WireWriter Write(WireWriter writer, Resolution resolution)
    {
        Write(writer, resolution.Register).I32(resolution.Generation).Byte((byte)resolution.Value).I32(resolution.Fenced.Length);
        foreach (var host in resolution.Fenced)
        {
            writer.Text(host.Value);
        }

        return writer.Text(resolution.Operator).Text(resolution.Reason).I64(resolution.AtUnixMs).Byte(resolution.IsLost ? (byte)1 : (byte)0);
    }

    /// <summary>Container, fence and attempt; also part of the voters' frames.</summary>
    public static WireWriter Write(WireWriter writer, RegisterId register)
        => writer.Text(register.Container.Value).I64(register.Fence.Epoch).I32(register.Fence.Ordinal).Uuid(register.Attempt.Value);
}
