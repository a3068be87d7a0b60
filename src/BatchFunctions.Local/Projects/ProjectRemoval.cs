using System.CommandLine;
using System.Globalization;
using Azure.Data.Tables;
using BatchFunctions.Keys;
using BatchFunctions.Projects;
using BatchFunctions.SelfHost.Commands;

namespace BatchFunctions.SelfHost.Projects;

/// <summary>
/// The command <c>projects remove</c>: says in the project's row that it is being erased, and revokes its keys. The service does the rest,
/// which alone has the right to all of the storage.
/// </summary>
internal static class ProjectRemoval
{
    private static readonly TimeSpan LooksEvery = TimeSpan.FromSeconds(2);

    /// <summary>The command.</summary>
    /// <param name="storage">Opens the storage.</param>
    public static Command Create(StorageCommands storage)
    {
        var name = new Argument<string>("NAME") { Description = "The project, as its keys name it." };
        var yes = new Option<bool>("--yes") { Description = "Confirms that everything of the project is to be erased: batches, files, results, usage, keys." };
        var wait = new Option<bool>("--wait") { Description = "Waits until nothing is left of it; a service must be running." };
        var remove = new Command("remove", "Erases a project for good: its keys are revoked at once, and the service removes all that it has.") { name, yes, wait };
        storage.Runs(
            remove,
            (tables, parsed, ct) => RemoveAsync(tables, parsed.GetValue(name)!, parsed.GetValue(wait), parsed.InvocationConfiguration.Output, ct),
            parsed => Check(parsed.GetValue(name)!, parsed.GetValue(yes)));
        return remove;
    }

    private static void Check(string project, bool isConfirmed)
    {
        ProjectNames.Check(project);
        if (!isConfirmed)
        {
            throw new StartupException(
                $"This erases everything of the project '{project}' for good: batches, files, results, usage, keys. Give --yes to confirm it.");
        }
    }

    private static async Task<int> RemoveAsync(TableServiceClient tables, string name, bool waits, TextWriter output, CancellationToken ct)
    {
        var projects = new ProjectStore(tables);
        var project = await projects.BeginErasureAsync(name, TimeProvider.System.GetUtcNow(), ct);
        await new ApiKeyStore(tables, TimeProvider.System).RevokeAllAsync(name, ct);
        await output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"The project '{name}' is being erased since {project.ErasingSince:yyyy-MM-dd HH:mm} UTC, and its keys are revoked. The service removes what it has, in some minutes while it is at work, and begins within an hour otherwise; until then 'projects list' shows it."));
        while (waits && (await projects.FindAsync(name, ct)).ErasingSince is not null)
        {
            await Task.Delay(LooksEvery, ct);
        }

        if (waits)
        {
            await output.WriteLineAsync($"Nothing is left of the project '{name}'.");
        }

        return 0;
    }
}
