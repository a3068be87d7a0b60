using BatchFunctions.Lines;
using BatchFunctions.Tokens;

namespace BatchFunctions.Checks;

/// <summary>What is known of the models that lines name.</summary>
/// <param name="Rule">Which there are; null where all are taken.</param>
/// <param name="SentAs">What a name is sent as, and whether somebody serves it.</param>
internal sealed record CheckedModels(ModelRule? Rule, Func<string, (string Name, bool IsServed)> SentAs)
{
    /// <summary>The encoding for models whose own is not known: there is none that is nearer to most.</summary>
    private static readonly TokenEncoding Usual = TokenEncoding.O200k;

    /// <summary>For who knows no service: every model is taken as it is named.</summary>
    public static CheckedModels Any { get; } = new(null, static name => (name, true));

    /// <summary>A model by its name.</summary>
    /// <param name="name">The name; empty for lines that name none.</param>
    public ModelOfLines Of(string name)
    {
        var (sent, isServed) = SentAs(name);
        var encoding = ModelEncodings.Of(sent);
        return new ModelOfLines(name, encoding ?? Usual, encoding is not null, isServed);
    }
}
