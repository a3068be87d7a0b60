using System.Text;
using System.Text.RegularExpressions;

namespace BatchFunctions.Page;

/// <summary>
/// Makes one script of the modules that the page is written in, so that a browser asks for it once: each module would be a request, on
/// Functions an execution, and forty of them at once are what an app starts further instances for.
/// <para>
/// A module becomes a function that is called once, behind those that it imports from, and returns what it exports. The modules keep to the
/// forms that this takes: named imports and imports of a whole module, each on one line, and exports of constants, functions and
/// classes where they are declared. Anything else is an error, and so is a cycle.
/// </para>
/// </summary>
internal sealed partial class ModuleLinker
{
    private readonly Func<string, string> _read;
    private readonly StringBuilder _script = new();

    /// <summary>The modules that have been come to; true for those that are in the script.</summary>
    private readonly Dictionary<string, bool> _linked = new(StringComparer.Ordinal);

    private ModuleLinker(Func<string, string> read) => _read = read;

    /// <summary>A module and all that it imports from, as one script.</summary>
    /// <param name="entry">The file name of the module that begins.</param>
    /// <param name="read">The text of a module by its file name.</param>
    /// <exception cref="InvalidOperationException">A module has another form of import or export, or imports what imports from it.</exception>
    public static string Link(string entry, Func<string, string> read)
    {
        var linker = new ModuleLinker(read);
        linker.Add(entry);
        return linker._script.ToString();
    }

    private void Add(string module)
    {
        if (_linked.TryGetValue(module, out var isLinked))
        {
            if (!isLinked)
            {
                throw new InvalidOperationException($"'{module}' is imported by a module that it imports from.");
            }

            return;
        }

        _linked[module] = false;
        var body = new StringBuilder();
        var exports = new List<string>();
        foreach (var line in _read(module).ReplaceLineEndings("\n").TrimEnd('\n').Split('\n'))
        {
            body.Append(Linked(module, line, exports)).Append('\n');
        }

        _script.Append("// ").Append(module).Append("\nconst ").Append(NameOf(module)).Append(" = (() => {\n")
            .Append(body)
            .Append("return { ").AppendJoin(", ", exports).Append(" };\n})();\n\n");
        _linked[module] = true;
    }

    /// <summary>A line as it stands in the script; what it imports from is in the script before.</summary>
    private string Linked(string module, string line, List<string> exports)
    {
        if (Import().Match(line) is { Success: true } import)
        {
            var from = import.Groups["from"].Value;
            Add(from);
            return $"const {import.Groups["what"].Value} = {NameOf(from)};";
        }

        if (Export().Match(line) is { Success: true } export)
        {
            exports.Add(export.Groups["name"].Value);
            return line["export ".Length..];
        }

        return ImportOrExport().IsMatch(line)
            ? throw new InvalidOperationException($"'{module}' has a form of import or export that is not linked: {line}")
            : line;
    }

    /// <summary>What a module's exports are called in the script: no module declares a name that begins so.</summary>
    private static string NameOf(string module) => "$" + module[..^".js".Length].Replace('-', '_');

    [GeneratedRegex("""^import (?:\* as (?<what>\w+)|(?<what>\{ \w+(?:, \w+)* \})) from "\./(?<from>[a-z-]+\.js)";$""")]
    private static partial Regex Import();

    [GeneratedRegex(@"^export (?:const|class|(?:async )?function) (?<name>\w+)")]
    private static partial Regex Export();

    /// <summary>Also the forms that a module would have within a line: an import when it is needed, and its own address.</summary>
    [GeneratedRegex(@"^\s*(?:import|export)\b|\bimport\s*[.(]")]
    private static partial Regex ImportOrExport();
}
