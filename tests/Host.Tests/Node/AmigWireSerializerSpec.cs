using System.Runtime.Serialization;
using ActorMigration.Contracts;
using ActorMigration.Host.Node;
using Akka.Actor;
using Hyperion;

namespace ActorMigration.Host.Tests.Node;

public sealed class AmigWireSerializerSpec : IDisposable
{
    private readonly ActorSystem _system = ActorSystem.Create("serializer", "akka { loglevel = OFF, stdout-loglevel = OFF }");
    private readonly AmigWireSerializer _serializer;
    private readonly Hyperion.Serializer _anything = new(new SerializerOptions(false, false, null, null, null, true, null, disallowUnsafeTypes: false, typeFilter: null));

    public AmigWireSerializerSpec() => _serializer = new AmigWireSerializer((ExtendedActorSystem)_system);

    public void Dispose() => _system.Dispose();

    [Fact]
    public void A_message_with_nested_records_arrays_and_enums_comes_back_equal()
    {
        var sent = new AttemptDetails(
            AttemptId.New(), new ContainerName("redis"), new Fence(7, 2), new HostName("h1"), new HostName("h2"), new HostName("h1"), Phase.PreCopy, "round", AttemptOutcome.Open,
            MigrationFailure.None, "", 1_700_000_000_000, [new NamedSpan("attest", 12.5)], [new RoundReport(0, 100, 5, 409_600, 0, 0, TimeSpan.FromMilliseconds(81), TimeSpan.Zero)],
            0, 0, [], 0, 12.5, 317, new FrozenDigest("00ff", 7));

        var read = Assert.IsType<AttemptDetails>(_serializer.FromBinary(_serializer.ToBinary(sent), _serializer.Manifest(sent)));

        // Records compare arrays by reference, so those are compared one by one below.
        Assert.Equal(sent, read with { Phases = sent.Phases, Rounds = sent.Rounds, StopSpans = sent.StopSpans });
        Assert.Equal(sent.Rounds, read.Rounds);
        Assert.Equal(sent.Phases, read.Phases);
    }

    [Fact]
    public void The_placement_of_a_container_crosses_in_prepare()
    {
        var spec = PlacementSpec.Spec(new ContainerPlacement(true, ["ssd", "rack-2"], "web", "cache"));
        var survey = new SourceSurvey(spec, 1, 2, 3, 4, [], new Platform("x86_64", [], "6.18", "4.2", "write-protect"));
        var sent = new PrepareResources(AttemptId.New(), new Fence(1, 1), new PrepareOrder(survey, new HostName("h1")), null!);

        var read = Assert.IsType<PrepareResources>(_serializer.FromBinary(_serializer.ToBinary(sent), _serializer.Manifest(sent))).Order.Survey.Spec.Placement;

        Assert.Equal((true, "web", "cache"), (read.Pinned, read.ApartFrom, read.TogetherWith));
        Assert.Equal(["ssd", "rack-2"], read.Labels);
    }

    [Fact]
    public void Every_wire_message_of_the_contracts_has_a_manifest_and_no_field_of_a_vague_type()
    {
        var messages = WireTypes.Messages(typeof(IWire).Assembly);

        Assert.NotEmpty(messages);
        Assert.Equal(messages.Length, _serializer.Manifests.Distinct().Count());
        Assert.Empty(WireTypes.Defects(messages));
    }

    [Fact]
    public void What_is_no_contract_is_refused_at_the_sender()
    {
        Assert.Throws<SerializationException>(() => _serializer.Manifest(new Uri("http://x")));
        Assert.Throws<SerializationException>(() => _serializer.ToBinary("text"));
    }

    [Fact]
    public void A_manifest_of_another_schema_never_reaches_the_decoder()
    {
        var message = new ListContainers();
        var bytes = _serializer.ToBinary(message);
        var manifest = _serializer.Manifest(message);

        var refused = Assert.Throws<SerializationException>(() => _serializer.FromBinary(bytes, manifest[..^8] + "00000000"));

        Assert.Contains("not a wire contract of this version", refused.Message, StringComparison.Ordinal);
        Assert.IsType<ListContainers>(_serializer.FromBinary(bytes, manifest));
    }

    public static TheoryData<object> Hostile() =>
    [
        new System.IO.DirectoryInfo("/"),
        new System.Diagnostics.ProcessStartInfo("/bin/sh"),
        new Uri("http://x"),
        new List<object> { 1 },
        new object[] { 1 },
        new InvalidOperationException("x"),
        Tuple.Create(1, 2),
        typeof(System.Diagnostics.Process),
        "a bare string",
        42,
    ];

    [Theory]
    [MemberData(nameof(Hostile))]
    public void A_payload_of_a_type_that_is_no_contract_is_refused(object payload)
    {
        using var buffer = new MemoryStream();
        _anything.Serialize(payload, buffer);

        Assert.Throws<SerializationException>(() => _serializer.FromBinary(buffer.ToArray(), _serializer.Manifest(new ListContainers())));
    }

    [Fact]
    public void A_contract_under_the_manifest_of_another_one_is_refused()
    {
        var bytes = _serializer.ToBinary(new ListMigrations());

        var refused = Assert.Throws<SerializationException>(() => _serializer.FromBinary(bytes, _serializer.Manifest(new ListContainers())));

        Assert.Contains("carried a", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_after_the_message_are_refused()
    {
        var bytes = _serializer.ToBinary(new ListContainers());

        Assert.Throws<SerializationException>(() => _serializer.FromBinary([.. bytes, 0], _serializer.Manifest(new ListContainers())));
    }

    [Fact]
    public void A_message_above_the_limit_is_refused_on_both_sides()
    {
        var large = new CommandRefused(MigrationFailure.Internal, new string('x', IWire.MaxBytes));

        Assert.Contains("data plane", Assert.Throws<SerializationException>(() => _serializer.ToBinary(large)).Message, StringComparison.Ordinal);
        Assert.Throws<SerializationException>(() => _serializer.FromBinary(new byte[IWire.MaxBytes + 1], _serializer.Manifest(large)));
    }

    [Fact]
    public void Any_mutation_of_a_message_is_either_refused_or_still_that_message()
    {
        var manifest = _serializer.Manifest(new CommandRefused(MigrationFailure.NoRoom, ""));
        var good = _serializer.ToBinary(new CommandRefused(MigrationFailure.NoRoom, "no room"));
        for (var at = 0; at < good.Length; at++)
        {
            foreach (var mask in new byte[] { 0x01, 0x10 })
            {
                var bad = good.ToArray();
                bad[at] ^= mask;
                try
                {
                    Assert.IsType<CommandRefused>(_serializer.FromBinary(bad, manifest));
                }
                catch (SerializationException)
                {
                    // Refused: the other allowed outcome.
                }
            }
        }
    }

    [Fact]
    public void Json_is_refused_both_ways()
    {
        var json = new RefuseSerializer((ExtendedActorSystem)_system);

        Assert.Equal(1, json.Identifier);
        Assert.Throws<SerializationException>(() => json.FromBinary("{}"u8.ToArray(), typeof(object)));
        Assert.Throws<SerializationException>(() => json.ToBinary(new object()));
    }

    private sealed record Before(int Count, HostName Host) : IWire;

    private sealed record Renamed(int Number, HostName Host) : IWire;

    private sealed record Longer(int Count, HostName Host, string More) : IWire;

    private record Open(object Anything, IReadOnlyList<int> List) : IWire;

    private sealed record Closed() : Open(1, []);

    [Fact]
    public void The_schema_hash_changes_with_each_field_and_name_below_a_message()
    {
        var hashes = new[] { typeof(Before), typeof(Renamed), typeof(Longer) }.Select(WireTypes.SchemaHash).ToArray();

        Assert.Equal(hashes.Length, hashes.Distinct().Count());
        Assert.Equal(WireTypes.SchemaHash(typeof(Before)), hashes[0]);
    }

    [Fact]
    public void A_contract_with_a_vague_field_is_found_at_start()
    {
        var defects = WireTypes.Defects([typeof(Open)]);

        Assert.Contains(defects, defect => defect.Contains("not sealed", StringComparison.Ordinal));
        Assert.Contains(defects, defect => defect.Contains("System.Object", StringComparison.Ordinal));
        Assert.Contains(defects, defect => defect.Contains("IReadOnlyList", StringComparison.Ordinal));
    }
}
