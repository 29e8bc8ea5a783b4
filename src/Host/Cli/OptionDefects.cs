using System.CommandLine;
using ActorMigration.Contracts;

namespace ActorMigration.Host.Cli;

/// <summary>Usage errors with our own sentence, for every command that takes options.</summary>
internal static class OptionDefects
{
    /// <summary>Adds a check of the option's value that gives the sentence of what is wrong with it, or null. A value that is none of the option's type at all is left to the parser, which names it.</summary>
    internal static void RefuseIf<T>(this Option<T> option, Func<T, string?> defect) => option.Validators.Add(result =>
    {
        T? value;
        try
        {
            value = result.GetValueOrDefault<T>();
        }
        catch (InvalidOperationException e)
        {
            // The parser converts only when it is asked, and says here what it cannot convert; unless this is kept, the exception ends the program.
            result.AddError(e.Message);
            return;
        }

        if (!result.Errors.Any() && defect(value!) is { } sentence)
        {
            result.AddError(sentence);
        }
    });

    /// <summary>
    /// Refuses what can be neither a container's name nor an id of a migration, which is written in the same letters. It becomes part of a path of the API:
    /// nothing and '..' would make it another path.
    /// </summary>
    internal static Argument<string> OfName(this Argument<string> argument)
    {
        argument.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string>() is { } text && !ContainerName.IsValid(text))
            {
                result.AddError($"'{text}' is not a name or id: {ContainerName.Rule}.");
            }
        });
        return argument;
    }
}
