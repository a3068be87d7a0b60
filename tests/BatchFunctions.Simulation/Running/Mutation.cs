namespace BatchFunctions.Simulation.Running;

/// <summary>A guard of the service that is taken away, by changes of its text.</summary>
/// <param name="Name">Its short name.</param>
/// <param name="Guard">What the guard says.</param>
/// <param name="File">The file, below the repository's root.</param>
/// <param name="Changes">What is found in it, and what is put in its place.</param>
internal sealed record Mutation(string Name, string Guard, string File, IReadOnlyList<(string Find, string Replace)> Changes)
{
    private const string ListFile = "mutations.txt";

    /// <summary>All of them, as the list beside the program has them.</summary>
    public static IReadOnlyList<Mutation> All { get; } =
        Parse(System.IO.File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, ListFile)));

    /// <summary>What the lives are about that are to find it; null where lives of all kinds are.</summary>
    public string? Scenario { get; init; }

    /// <summary>The test that finds it in the place of lives, and the folder of its project; null where lives do.</summary>
    public (string Project, string Name)? Test { get; init; }

    /// <summary>The project that the file is part of.</summary>
    public string Project => string.Join('/', File.Split('/').Take(2));

    /// <summary>How often each of the texts that are to be found stands in a file's text: once, where the list is in order.</summary>
    public IEnumerable<int> CountIn(string text) => Changes.Select(change => text.Split(change.Find).Length - 1);

    /// <summary>The text of the file without the guard.</summary>
    /// <exception cref="InvalidOperationException">A text that is to be found is not there, or more than once.</exception>
    public string ApplyTo(string text)
    {
        if (CountIn(text).Any(static count => count != 1))
        {
            throw new InvalidOperationException($"The mutation {Name} does not fit {File} any more: mend its texts in {ListFile}.");
        }

        return Changes.Aggregate(text, static (changed, change) => changed.Replace(change.Find, change.Replace, StringComparison.Ordinal));
    }

    private static List<Mutation> Parse(IEnumerable<string> lines)
    {
        var mutations = new List<Mutation>();
        var changes = new List<(List<string> Find, List<string> Replace)>();
        List<string>? part = null;
        foreach (var line in lines)
        {
            switch (line)
            {
                case ['=', '=', ' ', ..]:
                    Close();
                    var (name, guard) = line[3..].Split(": ", 2) is [var first, var rest] ? (first, rest) : throw new FormatException(line);
                    mutations.Add(new Mutation(name, guard, "", []));
                    part = null;
                    break;
                case ['?', '?', ' ', ..]:
                    mutations[^1] = mutations[^1] with { Scenario = line[3..] };
                    break;
                case ['!', '!', ' ', ..]:
                    mutations[^1] = mutations[^1] with { Test = line[3..].Split(' ') is [var project, var test] ? (project, test) : throw new FormatException(line) };
                    break;
                case ['@', '@', ' ', ..]:
                    mutations[^1] = mutations[^1] with { File = line[3..] };
                    break;
                case "--":
                    changes.Add(([], []));
                    part = changes[^1].Find;
                    break;
                case "++":
                    part = changes[^1].Replace;
                    break;
                default:
                    part?.Add(line);
                    break;
            }
        }

        Close();
        return mutations;

        void Close()
        {
            if (mutations.Count > 0)
            {
                mutations[^1] = mutations[^1] with { Changes = [.. changes.Select(change => (TextOf(change.Find), TextOf(change.Replace)))] };
                changes.Clear();
            }
        }
    }

    private static string TextOf(List<string> lines) => string.Join('\n', lines).TrimEnd('\n');
}
