namespace ActorMigration.Recorder;

/// <summary>Values that no compression makes much smaller, so that a mebibyte of data is a mebibyte of memory and of file.</summary>
public static class RandomText
{
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    /// <param name="random">Source of randomness; with the same seed the text is the same.</param>
    /// <param name="length">Characters, one byte each.</param>
    public static string Next(Random random, int length)
        => string.Create(length, random, static (text, source) => source.GetItems<char>(Alphabet, text));
}
