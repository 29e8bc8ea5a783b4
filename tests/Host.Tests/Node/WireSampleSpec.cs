using ActorMigration.Contracts;
using ActorMigration.Host.Node;

namespace ActorMigration.Host.Tests.Node;

/// <summary>What the rehearsal sends around is worth it: every message of an attempt has a sample, and the nested ones are not empty.</summary>
public sealed class WireSampleSpec
{
    public static TheoryData<Type> Messages => [.. WireTypes.Messages(typeof(IWire).Assembly).Where(type => typeof(IAttemptMessage).IsAssignableFrom(type))];

    [Theory]
    [MemberData(nameof(Messages))]
    public void Every_message_of_an_attempt_has_a_sample(Type message) => Assert.IsType(message, WireSample.Of(message));

    [Fact]
    public void Arrays_and_nested_records_have_something_in_them()
    {
        var sample = Assert.IsType<AtGate>(WireSample.Of(typeof(AtGate)));

        Assert.NotEqual("", Assert.Single(sample.Report.Spans).Name);
    }
}
