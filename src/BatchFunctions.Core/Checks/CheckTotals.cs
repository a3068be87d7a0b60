namespace BatchFunctions.Checks;

/// <summary>What the lines that were checked come to.</summary>
internal sealed class CheckTotals
{
    /// <summary>Models, and endpoints, that are told one by one: an input may have a name of its own in each line.</summary>
    private const int MostTold = 100;

    private readonly Dictionary<string, ModelTotals> _models = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _endpoints = new(StringComparer.Ordinal);

    /// <summary>Lines, blank ones left out.</summary>
    public int Lines { get; set; }

    /// <summary>Bytes that were read, line endings included.</summary>
    public long Bytes { get; set; }

    /// <summary>Lines that something is wrong with.</summary>
    public int WrongLines { get; set; }

    /// <summary>All that is wrong, with lines and with the file.</summary>
    public long Faults { get; set; }

    /// <summary>Valid lines that have what is not counted in tokens: images, tools and the like.</summary>
    public int LinesWithMore { get; set; }

    /// <summary>Tokens of the valid lines, as they were counted, of models whose encoding is known.</summary>
    public long CountedTokens { get; private set; }

    /// <summary>Tokens of the valid lines, as they were estimated.</summary>
    public long EstimatedTokens { get; private set; }

    /// <summary>Lines of models beside <see cref="Models"/>.</summary>
    public int LinesOfOtherModels { get; private set; }

    /// <summary>Lines for endpoints beside <see cref="Endpoints"/>.</summary>
    public int LinesOfOtherEndpoints { get; private set; }

    /// <summary>The models of lines, the one with the most lines first.</summary>
    public IEnumerable<ModelTotals> Models =>
        _models.Values.OrderByDescending(static model => model.Lines).ThenBy(static model => model.Name, StringComparer.Ordinal);

    /// <summary>The endpoints that lines name with their lines, the one with the most first.</summary>
    public IEnumerable<KeyValuePair<string, long>> Endpoints =>
        _endpoints.OrderByDescending(static endpoint => endpoint.Value).ThenBy(static endpoint => endpoint.Key, StringComparer.Ordinal);

    /// <summary>Counts a line for the endpoint that it names.</summary>
    public void AddEndpoint(string endpoint)
    {
        if (_endpoints.Count < MostTold || _endpoints.ContainsKey(endpoint))
        {
            _endpoints[endpoint] = _endpoints.GetValueOrDefault(endpoint) + 1;
        }
        else
        {
            LinesOfOtherEndpoints++;
        }
    }

    /// <summary>Counts a line for its model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="count">The line's tokens; null where they are not counted, since something is wrong with it.</param>
    public void AddModel(ModelOfLines model, TokenCount? count)
    {
        if (count is { } tokens)
        {
            var isExact = model.IsKnown && tokens.IsWhole;
            CountedTokens += isExact ? tokens.Tokens : 0;
            EstimatedTokens += isExact ? 0 : tokens.Tokens;
            LinesWithMore += tokens.HasMore ? 1 : 0;
        }

        if (!_models.TryGetValue(model.Name, out var totals))
        {
            if (_models.Count == MostTold)
            {
                LinesOfOtherModels++;
                return;
            }

            _models[model.Name] = totals = new ModelTotals(model);
        }

        totals.Add(count);
    }
}

/// <summary>A model that lines name.</summary>
/// <param name="Name">Its name; empty for lines that name none.</param>
/// <param name="Encoding">What its tokens are counted by.</param>
/// <param name="IsKnown">Whether that is known to be its encoding; otherwise the count is an estimate.</param>
/// <param name="IsServed">Whether somebody serves it, as far as that is known.</param>
internal sealed record ModelOfLines(string Name, Tokens.TokenEncoding Encoding, bool IsKnown, bool IsServed);

/// <summary>What the lines of one model come to.</summary>
internal sealed class ModelTotals(ModelOfLines model)
{
    /// <summary>The model's name; empty for lines that name none.</summary>
    public string Name => model.Name;

    /// <summary>The name of its encoding; null where it is not known.</summary>
    public string? Encoding => model.IsKnown ? model.Encoding.Name : null;

    /// <summary>Whether somebody serves it, as far as that is known.</summary>
    public bool IsServed => model.IsServed;

    /// <summary>Its lines.</summary>
    public int Lines { get; private set; }

    /// <summary>The tokens of its valid lines.</summary>
    public long Tokens { get; private set; }

    /// <summary>Whether that is what OpenAI counts for this text.</summary>
    public bool IsExact { get; private set; } = model.IsKnown;

    /// <summary>Counts a line.</summary>
    public void Add(TokenCount? count)
    {
        Lines++;
        Tokens += count?.Tokens ?? 0;
        IsExact &= count is not { IsWhole: false };
    }
}
