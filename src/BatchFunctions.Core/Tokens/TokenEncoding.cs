using Microsoft.ML.Tokenizers;

namespace BatchFunctions.Tokens;

/// <summary>
/// An encoding of text in tokens, by its name with OpenAI. Its table takes some tens of megabytes, and is kept only while somebody
/// counts with it. Thread-safe.
/// </summary>
internal sealed class TokenEncoding
{
    private readonly Lock _lock = new();
    private readonly WeakReference<Tokenizer> _table = new(null!);

    private TokenEncoding(string name) => Name = name;

    /// <summary>GPT-4o and later models of OpenAI.</summary>
    public static TokenEncoding O200k { get; } = new("o200k_base");

    /// <summary>GPT-4, GPT-3.5, and the embeddings of their time.</summary>
    public static TokenEncoding Cl100k { get; } = new("cl100k_base");

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>Its table; loaded unless somebody still has it.</summary>
    public Tokenizer Open()
    {
        lock (_lock)
        {
            if (!_table.TryGetTarget(out var table))
            {
                _table.SetTarget(table = TiktokenTokenizer.CreateForEncoding(Name));
            }

            return table;
        }
    }
}
