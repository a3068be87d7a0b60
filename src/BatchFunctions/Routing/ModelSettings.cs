using BatchFunctions.Configuration;

namespace BatchFunctions.Routing;

/// <summary>Reads which models an upstream serves from its settings, and says what is wrong with them.</summary>
internal static class ModelSettings
{
    private const char Separator = ',';
    private const char Assignment = '=';

    // Where others have wildcards or escapes: whoever writes them means more than is understood here.
    private const string NotInPatterns = "?[]\\";

    /// <summary>The names and patterns that are set, in the order of their setting.</summary>
    public static IEnumerable<ModelPattern> ModelsOf(UpstreamOptions options) =>
        options.Models.SelectMany(ItemsOf).Select(static text => new ModelPattern(text));

    /// <summary>The aliases that are set, with the names that are sent; one without such a name has an empty one.</summary>
    public static IEnumerable<KeyValuePair<string, string>> AliasesOf(UpstreamOptions options)
    {
        foreach (var (key, value) in options.Aliases)
        {
            // A number is no model's name, but what settings are told apart by where their names take none of its characters.
            if (!key.All(char.IsAsciiDigit))
            {
                yield return new(key.Trim(), (value ?? "").Trim());
                continue;
            }

            foreach (var item in ItemsOf(value))
            {
                var at = item.IndexOf(Assignment, StringComparison.Ordinal);
                yield return at < 0 ? new(item, "") : new(item[..at].Trim(), item[(at + 1)..].Trim());
            }
        }
    }

    /// <summary>What is wrong with an upstream's models and aliases.</summary>
    public static IEnumerable<string> ProblemsOf(UpstreamSettings upstream) =>
        ModelProblemsOf(upstream).Concat(AliasProblemsOf(upstream));

    private static IEnumerable<string> ModelProblemsOf(UpstreamSettings upstream)
    {
        var setting = upstream.NameOf(nameof(UpstreamOptions.Models));
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (text, isName) in ModelsOf(upstream.Options).Select(static model => (model.Text, model.IsName)))
        {
            if (text.Any(char.IsControl) || (!isName && text.AsSpan().ContainsAny(NotInPatterns)))
            {
                yield return $"{setting} has '{text}', which is neither a name nor a pattern: in a pattern only * has a meaning, and stands for anything.";
            }
            else if (!seen.Add(text))
            {
                yield return $"{setting} has '{text}' twice.";
            }
        }
    }

    private static IEnumerable<string> AliasProblemsOf(UpstreamSettings upstream)
    {
        var setting = upstream.NameOf(nameof(UpstreamOptions.Aliases));
        var names = ModelsOf(upstream.Options).Select(static model => model.Text).ToHashSet(StringComparer.Ordinal);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (name, model) in AliasesOf(upstream.Options))
        {
            if (name.Length == 0 || model.Length == 0 || (name + model).Any(char.IsControl))
            {
                yield return $"{setting} has '{name}={model}': each is NAME=MODEL, the name that callers use and the one that is sent.";
            }
            else if ((name + model).Contains('*', StringComparison.Ordinal))
            {
                yield return $"{setting} has '{name}={model}': an alias is for one name, without *.";
            }
            else if (!seen.Add(name))
            {
                yield return $"{setting} has the alias '{name}' twice: one name can be sent as one other.";
            }
            else if (names.Contains(name))
            {
                yield return $"{setting} has the alias '{name}', which {nameof(UpstreamOptions.Models)} has as a model's name: take it out of one of them.";
            }
        }
    }

    private static IEnumerable<string> ItemsOf(string? value) =>
        (value ?? "").Split(Separator, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
