using ActorMigration.Contracts;
using ActorMigration.Host.Linux.Containers;
using ActorMigration.Host.Linux.Migration;

namespace ActorMigration.Host.Tests.Node;

/// <summary>Where a container may be is part of what moves, and cannot be changed on the way.</summary>
public sealed class PlacementSpec
{
    private static readonly ContainerPlacement Given = new(true, ["ssd", "rack-2"], "web", "cache");

    public static TheoryData<ContainerPlacement> Others =>
    [
        ContainerPlacement.Anywhere, Given with { Pinned = false }, Given with { Labels = ["ssd"] }, Given with { Labels = ["rack-2", "ssd"] }, Given with { ApartFrom = "db" }, Given with { TogetherWith = "" },
    ];

    [Theory]
    [MemberData(nameof(Others))]
    public void The_digest_of_a_spec_covers_its_placement(ContainerPlacement other)
    {
        Assert.Equal(SpecDigest.Of(Spec(Given)), SpecDigest.Of(Spec(Given with { Labels = [.. Given.Labels] })));
        Assert.NotEqual(SpecDigest.Of(Spec(Given)), SpecDigest.Of(Spec(other)));
    }

    [Fact]
    public void A_record_on_disk_has_the_placement_and_one_without_says_anywhere()
    {
        var state = Directory.CreateTempSubdirectory("amig-placement-");
        try
        {
            new ContainerRecord(Spec(Given), new Fence(1, 0), ContainerState.Running, "", "", "", null, "").Save(state.FullName);
            var read = ContainerRecord.Load(state.FullName, new ContainerName("c"))!.Spec.Placement;
            Assert.Equal((true, "web", "cache"), (read.Pinned, read.ApartFrom, read.TogetherWith));
            Assert.Equal(Given.Labels, read.Labels);

            // As an earlier version wrote it.
            var file = Path.Combine(ContainerRecord.PathOf(state.FullName, new ContainerName("c")), "container.json");
            var json = System.Text.Json.Nodes.JsonNode.Parse(File.ReadAllText(file))!;
            json["Spec"]!.AsObject().Remove("Placement");
            File.WriteAllText(file, json.ToJsonString());
            Assert.Empty(ContainerRecord.Load(state.FullName, new ContainerName("c"))!.Spec.Placement.Labels);
        }
        finally
        {
            state.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("SSD", "", "", "'SSD' is no label")]
    [InlineData("ssd", "A", "", "'A' is no group to be apart from")]
    [InlineData("ssd", "", "b/c", "'b/c' is no group to be together with")]
    [InlineData("ssd", "web", "web", "cannot be apart from and together with")]
    public void What_comes_from_another_host_is_checked_here_again(string label, string apart, string together, string sentence)
    {
        SpecCheck.Validate(Spec(Given));

        Assert.Contains(sentence, Assert.Throws<ArgumentException>(() => SpecCheck.Validate(Spec(new ContainerPlacement(false, [label], apart, together)))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_placement_with_nothing_where_a_text_belongs_is_refused()
    {
        Assert.Throws<ArgumentException>(() => SpecCheck.Validate(Spec(new ContainerPlacement(false, null!, "", ""))));
        Assert.Throws<ArgumentException>(() => SpecCheck.Validate(Spec(new ContainerPlacement(false, [null!], "", ""))));
        Assert.Throws<ArgumentException>(() => SpecCheck.Validate(Spec(null!)));
    }

    internal static ContainerSpec Spec(ContainerPlacement placement)
        => new(new ContainerName("c"), "sha256:x", ["a"], [], "/", 0, 0, new ContainerNetwork("10.0.0.1", 24, "02:00:00:00:00:01", "", 1500), new ContainerLimits(1, 2, 3), [], 15) { Placement = placement };
}
