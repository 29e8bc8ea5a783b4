namespace ActorMigration.Contracts;

/// <summary>
/// A path below the root of a tree, as bytes: Linux names are bytes, not text. Names joined by '/', none of them empty, "." or "..".
/// </summary>
public static class FilePath
{
    /// <summary>True when a receiver may use it; each listener asks before it touches anything.</summary>
    public static bool IsValid(ReadOnlySpan<byte> path)
    {
        if (path.Length is 0 or > FileFrameLimits.MaxPathBytes)
        {
            return false;
        }
        var depth = 0;
        foreach (var range in path.Split((byte)'/'))
        {
            if (++depth > FileFrameLimits.MaxDepth || !IsName(path[range]))
            {
                return false;
            }
        }
        return true;
    }

    /// <summary>True for one name that a directory may hold.</summary>
    public static bool IsName(ReadOnlySpan<byte> name)
        => name.Length is > 0 and <= FileFrameLimits.MaxNameBytes
            && !name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8)
            && name.IndexOfAny((byte)'/', (byte)0) < 0;
}
