namespace BatchFunctions.Tokens;

/// <summary>The encodings of OpenAI's models, by their names (github.com/openai/tiktoken, model.py).</summary>
internal static class ModelEncodings
{
    private const string FineTuned = "ft:";

    /// <summary>How a name goes on behind its family's.</summary>
    private const string Separators = "-:@";

    // Of two families that both fit, the one that comes first has the model.
    private static readonly (string Family, TokenEncoding Encoding)[] Families =
    [
        ("gpt-4o", TokenEncoding.O200k),
        ("chatgpt-4o", TokenEncoding.O200k),
        ("gpt-4.1", TokenEncoding.O200k),
        ("gpt-4.5", TokenEncoding.O200k),
        ("gpt-5", TokenEncoding.O200k),
        ("gpt-oss", TokenEncoding.O200k),
        ("o1", TokenEncoding.O200k),
        ("o3", TokenEncoding.O200k),
        ("o4", TokenEncoding.O200k),
        ("gpt-4", TokenEncoding.Cl100k),
        ("gpt-3.5", TokenEncoding.Cl100k),
        ("gpt-35", TokenEncoding.Cl100k),
        ("text-embedding-3", TokenEncoding.Cl100k),
        ("text-embedding-ada-002", TokenEncoding.Cl100k),
        ("davinci-002", TokenEncoding.Cl100k),
        ("babbage-002", TokenEncoding.Cl100k),
    ];

    /// <summary>A model's encoding; null where it is not known.</summary>
    /// <param name="model">Its name, perhaps behind its maker's and a slash, or of one that was fine-tuned.</param>
    public static TokenEncoding? Of(string model)
    {
        var name = model[(model.LastIndexOf('/') + 1)..];
        name = name.StartsWith(FineTuned, StringComparison.Ordinal) ? name[FineTuned.Length..] : name;
        return Families.FirstOrDefault(known => IsOf(name, known.Family)).Encoding;
    }

    private static bool IsOf(string name, string family) => name.StartsWith(family, StringComparison.OrdinalIgnoreCase)
        && (name.Length == family.Length || Separators.Contains(name[family.Length], StringComparison.Ordinal));
}
