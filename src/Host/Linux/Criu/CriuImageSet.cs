namespace ActorMigration.Host.Linux.Criu;

/// <summary>A directory of CRIU images: which files it has to have, and may have.</summary>
public static class CriuImageSet
{
    /// <summary>runc's file beside CRIU's.</summary>
    public const string DescriptorsName = "descriptors.json";

    /// <summary>Standard descriptors of each container here; written by each side itself, never taken from the other.</summary>
    public const string Descriptors = """["/dev/null","/dev/null","/dev/null"]""";

    private static readonly string[] Required = ["inventory.img", "pstree.img", "files.img"];

    /// <summary>True when the images that every dump ends with are there.</summary>
    public static bool IsComplete(string directory) => Array.TrueForAll(Required, name => File.Exists(Path.Combine(directory, name)));
}
