using System.CommandLine;
using ActorMigration.Host.Http;
using Spectre.Console;

namespace ActorMigration.Host.Cli;

/// <summary><c>amig image import</c> and <c>amig image ls</c>.</summary>
internal static class ImageCommands
{
    internal static Command Create(CliContext context) => new("image", "Images of this host.") { Import(context), List(context) };

    private static Command Import(CliContext context)
    {
        var path = new Argument<string>("PATH") { Description = "Directory (becomes one layer), tar, or OCI image layout." };
        var name = new Option<string>("--name") { Description = "Name of the image on this host.", Required = true };
        return context.Ask("import", "Bring an image into this host's store.", async (parsed, client, cancel) =>
        {
            var request = new ImportRequest(Path.GetFullPath(parsed.GetValue(path)!), parsed.GetValue(name)!);
            var answer = await client.PostAsync("/v1/images", request, ApiJson.Default.ImportRequest, ApiJson.Default.ImageJson, cancel).ConfigureAwait(false);
            context.Print(parsed, answer, ApiJson.Default.ImageJson, it => context.Terminal.Out.WriteLine($"{it.Name} is {it.Digest}."));
            return ExitCode.Ok;
        }, path, name);
    }

    private static Command List(CliContext context)
        => context.Ask("ls", "List the images of this host.", async (parsed, client, cancel) =>
        {
            var answer = await client.GetAsync("/v1/images", ApiJson.Default.ImagesJson, cancel).ConfigureAwait(false);
            context.Print(parsed, answer, ApiJson.Default.ImagesJson, it => context.Terminal.Write(Table(it)));
            return ExitCode.Ok;
        });

    private static Table Table(ImagesJson images)
    {
        var table = Terminal.Table("NAME", "DIGEST");
        foreach (var image in images.Images)
        {
            table.AddRow(Markup.Escape(image.Name), Markup.Escape(image.Digest));
        }

        return table;
    }
}
