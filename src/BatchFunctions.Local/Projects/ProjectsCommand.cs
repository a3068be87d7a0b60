using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Azure.Data.Tables;
using BatchFunctions.Keys;
using BatchFunctions.Projects;
using BatchFunctions.SelfHost.Commands;
using BatchFunctions.Storage;

namespace BatchFunctions.SelfHost.Projects;

/// <summary>The commands <c>projects list</c>, <c>projects set</c> and <c>projects remove</c>.</summary>
internal static class ProjectsCommand
{
    /// <summary>What stands for the service's default, in the options and in the list.</summary>
    private const string Default = "default";

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    /// <summary>The command <c>projects</c> with its three subcommands.</summary>
    /// <param name="data">The option for the folder of the embedded storage.</param>
    /// <param name="codeOf">The exit code for a failure of each kind.</param>
    /// <param name="makesData">Whether to create an embedded storage if there is none yet.</param>
    public static Command Create(Option<string> data, Func<FailureKind, int> codeOf, bool makesData)
    {
        var storage = new StorageCommands(data, codeOf, makesData, "projects", TableNames.Projects, TableNames.ApiKeys);

        var asJson = new Option<bool>("--json") { Description = "Prints JSON for programs." };
        var list = new Command("list", "Lists the projects that have a key, or something set, and what is set.") { asJson };
        storage.Runs(list, (tables, parsed, ct) => ListAsync(tables, parsed.GetValue(asJson), parsed.InvocationConfiguration.Output, ct));

        var name = new Argument<string>("NAME") { Description = "The project, as its keys name it." };
        var weight = Number("--weight", "Its part of the upstream beside other projects: twice the weight is twice the lines in flight (1 to 1000).");
        var batches = Number("--max-batches", "The most batches that it may have that have not ended; 0 lets it make none.");
        var lines = Number("--max-lines", "The most lines that may wait in them.");
        var uploads = Number("--max-upload-bytes", "The most bytes that its open uploads in parts may have.");
        var role = new Option<string?>("--role")
        {
            Description = "'operator' lets its keys see the state of the whole service; 'none' does not.",
            HelpName = "operator|none",
        };
        var set = new Command("set", "Sets what a project may have; what is not given stays. It takes effect within half a minute.")
        {
            name, weight, batches, lines, uploads, role,
        };
        Func<Project, Project> ChangeOf(ParseResult parsed)
        {
            ProjectNames.Check(parsed.GetValue(name)!);
            List<Func<Project, Project>> changes =
            [
                .. WhereGiven(parsed, weight, Project.LeastWeight, Project.MostWeight, (project, value) => project with { Weight = (int?)value }),
                .. WhereGiven(parsed, batches, 0, Project.MostBatches, (project, value) => project with { MaxBatches = (int?)value }),
                .. WhereGiven(parsed, lines, 0, Project.MostLines, (project, value) => project with { MaxLines = value }),
                .. WhereGiven(parsed, uploads, 0, Project.MostUploadBytes, (project, value) => project with { MaxUploadBytes = value }),
                .. RoleWhereGiven(parsed.GetValue(role)),
            ];
            return changes is []
                ? throw new StartupException("There is nothing to set: give --weight, --max-batches, --max-lines, --max-upload-bytes or --role.")
                : project => changes.Aggregate(project, (changed, change) => change(changed));
        }

        storage.Runs(
            set,
            async (tables, parsed, ct) =>
            {
                var project = await new ProjectStore(tables).ChangeAsync(parsed.GetValue(name)!, ChangeOf(parsed), ct);
                await PrintAsync([project], parsed.InvocationConfiguration.Output);
                return 0;
            },
            parsed => _ = ChangeOf(parsed));

        return new Command("projects", "Lists and sets what projects may have, and erases projects.") { storage.Storage, list, set, ProjectRemoval.Create(storage) };
    }

    private static Option<string?> Number(string name, string description) =>
        new(name) { Description = description, HelpName = "N|" + Default };

    /// <summary>The change that an option asks for; none where it is not given.</summary>
    /// <exception cref="StartupException">Its value is out of bounds, or no number.</exception>
    private static IEnumerable<Func<Project, Project>> WhereGiven(
        ParseResult parsed, Option<string?> option, long least, long most, Func<Project, long?, Project> set)
    {
        if (parsed.GetValue(option) is not { } text)
        {
            yield break;
        }

        long? value = text == Default ? null
            : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most ? number
            : throw new StartupException(string.Create(
                CultureInfo.InvariantCulture, $"{option.Name} cannot be '{text}': give a number from {least} to {most}, or '{Default}'."));
        yield return project => set(project, value);
    }

    private static IEnumerable<Func<Project, Project>> RoleWhereGiven(string? text) => text switch
    {
        null => [],
        Project.OperatorName => [project => project with { Role = ProjectRole.Operator }],
        "none" => [project => project with { Role = ProjectRole.None }],
        _ => throw new StartupException($"--role cannot be '{text}': give 'operator' or 'none'."),
    };

    private static async Task<int> ListAsync(TableServiceClient tables, bool asJson, TextWriter output, CancellationToken ct)
    {
        var projects = await new ApiKeyStore(tables, TimeProvider.System).ListAsync(ct)
            .Where(key => key.IsGood(TimeProvider.System.GetUtcNow()))
            .Select(key => key.Project)
            .Distinct()
            .ToDictionaryAsync(name => name, name => new Project(name), StringComparer.Ordinal, ct);
        await foreach (var project in new ProjectStore(tables).ListAsync(ct))
        {
            projects[project.Name] = project;
        }

        Project[] all = [.. projects.Values.OrderBy(project => project.Name, StringComparer.Ordinal)];
        if (asJson)
        {
            await output.WriteLineAsync(JsonSerializer.Serialize(all, Json));
        }
        else
        {
            await PrintAsync(all, output);
        }

        return 0;
    }

    private static async Task PrintAsync(IEnumerable<Project> projects, TextWriter output)
    {
        await output.WriteLineAsync($"{"PROJECT",-20}  {"WEIGHT",-8}  {"MAX BATCHES",-11}  {"MAX LINES",-13}  {"MAX UPLOAD BYTES",-16}  ROLE");
        foreach (var project in projects)
        {
            await output.WriteLineAsync(
                $"{project.Name,-20}  {Text(project.Weight),-8}  {Text(project.MaxBatches),-11}  {Text(project.MaxLines),-13}  {Text(project.MaxUploadBytes),-16}  {project.RoleName ?? "-"}{(project.ErasingSince is { } since ? $"  being erased since {since:yyyy-MM-dd HH:mm}" : "")}");
        }
    }

    private static string Text(long? value) => value?.ToString(CultureInfo.InvariantCulture) ?? Default;
}
