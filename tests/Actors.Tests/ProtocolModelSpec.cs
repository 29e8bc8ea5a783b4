using System.Runtime.CompilerServices;
using ActorMigration.Contracts;

namespace ActorMigration.Actors.Tests;

/// <summary>The models in docs/protocol are about this code: a state, message, entry or value that is added or renamed on one side only fails here.</summary>
public sealed class ProtocolModelSpec
{
    private static readonly ProtocolModel HandOver = new(File.ReadAllText(PathOf("handoff.pml")));
    private static readonly ProtocolModel Register = new(File.ReadAllText(PathOf("verdict.pml")));

    [Fact]
    public void States_of_the_source_are_those_of_the_model()
        => Assert.Empty(HandOver.WhatIsOutOfStep(nameof(SourceState), HandOver.LabelsOf("SourceSide"), Enum.GetNames<SourceState>()));

    [Fact]
    public void States_of_the_destination_are_those_of_the_model()
        => Assert.Empty(HandOver.WhatIsOutOfStep(nameof(DestinationState), HandOver.LabelsOf("DestinationSide"), Enum.GetNames<DestinationState>()));

    [Fact]
    public void Messages_between_the_hosts_are_those_of_the_model()
        => Assert.Empty(HandOver.WhatIsOutOfStep(nameof(IAttemptMessage), HandOver.Prefixed("msg_"), NamesOf(typeof(IAttemptMessage))));

    [Fact]
    public void Entries_of_the_journal_are_those_of_the_model()
        => Assert.Empty(HandOver.WhatIsOutOfStep(nameof(JournalEntry), HandOver.Prefixed("journal_"), NamesOf(typeof(JournalEntry))));

    [Fact]
    public void Values_of_the_register_are_those_of_both_models()
    {
        Assert.Empty(HandOver.WhatIsOutOfStep(nameof(Verdict), HandOver.ValuesOf(nameof(Verdict)), Enum.GetNames<Verdict>()));
        Assert.All(Enum.GetValues<Verdict>(), value => Assert.Equal((int)value, Register.Constant(value.ToString())));
    }

    [Fact]
    public void What_stands_on_a_host_is_what_the_model_has()
        => Assert.Empty(HandOver.WhatIsOutOfStep(nameof(ContainerState), HandOver.ValuesOf(nameof(ContainerState)), Enum.GetNames<ContainerState>()));

    [Fact]
    public void States_of_a_proposer_are_those_of_the_model()
        => Assert.Empty(Register.WhatIsOutOfStep(nameof(ProposerState), Register.LabelsOf("Proposer"), Enum.GetNames<ProposerState>()));

    [Fact]
    public void Requests_to_a_voter_and_its_replies_are_those_of_the_model()
    {
        var (requests, replies) = (NamesOf(typeof(VoterRequest)), NamesOf(typeof(VoterReply)));
        var messages = Register.Prefixed("msg_");

        Assert.Empty(messages.Except([.. requests, .. replies]));
        Assert.Empty(Register.WhatIsOutOfStep(nameof(VoterRequest), [.. messages.Intersect(requests)], requests));
        Assert.Empty(Register.WhatIsOutOfStep(nameof(VoterReply), [.. messages.Intersect(replies)], replies));
    }

    [Fact]
    public void What_a_voter_keeps_of_a_register_is_what_the_model_has()
        => Assert.Empty(Register.WhatIsOutOfStep(
            nameof(OpenRegister), Register.Prefixed("voter_"), [.. typeof(OpenRegister).GetProperties().Where(p => p.Name != "EqualityContract").Select(p => p.Name)]));

    /// <summary>That the comparison can fail, and says what is missing.</summary>
    [Fact]
    public void A_name_on_one_side_only_is_found()
    {
        var model = new ProtocolModel("/* x\n *   Kind: A = A, B\n *   Kind: - C: because\n */\nproctype P() {\nA: skip;\n  D: skip\n}\n");

        Assert.Empty(model.WhatIsOutOfStep("Kind", model.LabelsOf("P"), ["A", "B", "C", "D"]));
        Assert.Equal(["Kind E of the code is neither in the model nor in its table"], model.WhatIsOutOfStep("Kind", model.LabelsOf("P"), ["A", "B", "C", "D", "E"]));
        Assert.Equal(["Kind D of the model is unknown to the code"], model.WhatIsOutOfStep("Kind", model.LabelsOf("P"), ["A", "B", "C"]));
        Assert.Equal(["Kind C of the model is unknown to the code"], model.WhatIsOutOfStep("Kind", model.LabelsOf("P"), ["A", "B", "D"]));
        Assert.Equal(["Kind A has a row but is not in the model"], model.WhatIsOutOfStep("Kind", ["D"], ["A", "B", "C", "D"]));
        Assert.Equal(["the model has no Other at all", "Other A of the code is neither in the model nor in its table"], model.WhatIsOutOfStep("Other", [], ["A"]));
    }

    /// <summary>Names of all concrete types of this kind.</summary>
    private static string[] NamesOf(Type kind)
        => [.. kind.Assembly.GetTypes().Where(t => t is { IsAbstract: false, IsClass: true } && kind.IsAssignableFrom(t)).Select(t => t.Name)];

    private static string PathOf(string model, [CallerFilePath] string here = "")
        => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "docs", "protocol", model));
}
