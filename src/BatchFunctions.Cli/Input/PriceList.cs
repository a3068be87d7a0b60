using System.Globalization;

namespace BatchFunctions.Cli.Input;

/// <summary>Prices of a million tokens: of models that are named, and of all others.</summary>
internal sealed class PriceList
{
    private const decimal Million = 1_000_000;

    private readonly Dictionary<string, decimal> _prices = new(StringComparer.Ordinal);
    private readonly decimal? _others;

    /// <summary>Reads the prices, each <c>PRICE</c> or <c>MODEL=PRICE</c>.</summary>
    public PriceList(IEnumerable<string> given)
    {
        foreach (var (model, price) in given.Select(Parse).OfType<(string?, decimal)>())
        {
            if (model is null)
            {
                _others = price;
            }
            else
            {
                _prices[model] = price;
            }
        }
    }

    /// <summary>Whether there are none.</summary>
    public bool IsEmpty => _others is null && _prices.Count == 0;

    /// <summary>Whether this is a price, or a model with its price.</summary>
    public static bool IsPrice(string text) => Parse(text) is not null;

    /// <summary>What tokens of a model cost; null where no price of it is given.</summary>
    public decimal? CostOf(string? model, long tokens) =>
        (model is not null && _prices.TryGetValue(model, out var price) ? price : _others) is { } million ? tokens * million / Million : null;

    private static (string? Model, decimal Price)? Parse(string text)
    {
        var sign = text.LastIndexOf('=');
        return sign != 0 && decimal.TryParse(text[(sign + 1)..], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var price)
            ? (sign < 0 ? null : text[..sign], price)
            : null;
    }
}
