namespace ActorMigration.Host.Node;

/// <summary>Finds in a HOCON text what Akka's parser would pass over in silence. Pure.</summary>
public static class HoconText
{
    /// <summary>The first defect, or null. Strings and comments are skipped.</summary>
    public static HoconDefect? FindDefect(string text)
    {
        var open = new Stack<(char Bracket, int Line)>();
        var line = 1;
        for (var i = 0; i < text.Length; i++)
        {
            var rest = text.AsSpan(i);
            if (rest[0] == '\n')
            {
                line++;
            }
            else if (rest[0] == '#' || rest.StartsWith("//"))
            {
                var end = rest.IndexOf('\n');
                i = end < 0 ? text.Length : i + end - 1;
            }
            else if (rest[0] == '"')
            {
                var length = StringLength(rest);
                if (length < 0)
                {
                    return new HoconDefect(line, "a string that begins here has no end.");
                }

                line += rest[..length].Count('\n');
                i += length - 1;
            }
            else if (rest.StartsWith("${"))
            {
                return new HoconDefect(line, "substitutions such as ${NAME} are not supported and would silently be empty; write the value itself.");
            }
            else if (StartsInclude(text, i))
            {
                return new HoconDefect(line, "include is not supported; give each file with its own --config.");
            }
            else if (rest[0] is '{' or '[')
            {
                open.Push((rest[0], line));
            }
            else if (rest[0] is '}' or ']')
            {
                if (!open.TryPop(out var opened) || (opened.Bracket == '{') != (rest[0] == '}'))
                {
                    return new HoconDefect(line, $"'{rest[0]}' closes nothing.");
                }
            }
        }

        return open.TryPeek(out var unclosed) ? new HoconDefect(unclosed.Line, $"the '{unclosed.Bracket}' that begins here has no end.") : null;
    }

    private static int StringLength(ReadOnlySpan<char> rest)
    {
        if (rest.StartsWith("\"\"\""))
        {
            var end = rest[3..].IndexOf("\"\"\"");
            return end < 0 ? -1 : end + 6;
        }

        for (var i = 1; i < rest.Length && rest[i] != '\n'; i++)
        {
            if (rest[i] == '\\')
            {
                i++;
            }
            else if (rest[i] == '"')
            {
                return i + 1;
            }
        }

        return -1;
    }

    private static bool StartsInclude(string text, int at)
    {
        const string Keyword = "include";
        var lineStart = text.LastIndexOf('\n', Math.Max(0, at - 1)) + 1;
        return text.AsSpan(at).StartsWith(Keyword)
            && (at == 0 || text.AsSpan(lineStart, Math.Max(0, at - lineStart)).IsWhiteSpace())
            && at + Keyword.Length < text.Length
            && text[at + Keyword.Length] is ' ' or '\t' or '"' or '(';
    }
}

/// <summary>A place in a HOCON text that must not go to the parser.</summary>
public sealed record HoconDefect(int Line, string Sentence);
