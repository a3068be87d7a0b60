using BatchFunctions.Upstream;
using Microsoft.Extensions.Logging;

namespace BatchFunctions.Models;

/// <summary>
/// The models that can be batched: those that the settings name, aliases included; and of an upstream with patterns, or without a list,
/// what its own list has, as far as lines for it would go there.
/// </summary>
internal sealed class ModelCatalog(UpstreamRegistry registry, TimeProvider time, ILogger<OfferedModels> logger)
{
    private readonly (UpstreamEntry Upstream, OfferedModels? Offered)[] _upstreams =
    [
        .. registry.Upstreams.Select(upstream => (upstream, AsksItself(upstream) ? new OfferedModels(upstream, time, logger) : null)),
    ];

    /// <summary>All of them, by name. Where several upstreams serve one, it is told as the first has it.</summary>
    public async Task<IReadOnlyList<ModelObject>> ListAsync(CancellationToken ct)
    {
        var lists = await Task.WhenAll(_upstreams.Select(async one => one.Offered is null ? [] : await one.Offered.GetAsync(ct)));
        var models = new SortedDictionary<string, ModelObject>(StringComparer.Ordinal);
        foreach (var ((upstream, _), offered) in _upstreams.Zip(lists))
        {
            foreach (var model in Of(upstream, offered))
            {
                models.TryAdd(model.Id, model);
            }
        }

        return [.. models.Values];
    }

    /// <summary>Only an upstream whose settings leave something open is asked.</summary>
    private static bool AsksItself(UpstreamEntry upstream) => upstream.Models.TakesOthers || upstream.Models.Patterns.Count > 0;

    private IEnumerable<ModelObject> Of(UpstreamEntry upstream, IReadOnlyList<OfferedModel> offered)
    {
        var own = offered.DistinctBy(static model => model.Id).ToDictionary(static model => model.Id, StringComparer.Ordinal);
        var named = upstream.Models.Names.Select(static name => (Id: name, Sent: name))
            .Concat(upstream.Models.Aliases.Select(static alias => (Id: alias.Key, Sent: alias.Value)));
        foreach (var (id, sent) in named)
        {
            yield return Object(id, own.GetValueOrDefault(sent));
        }

        foreach (var model in own.Values.Where(model => registry.Serves(upstream, model.Id)))
        {
            yield return Object(model.Id, model);
        }

        ModelObject Object(string id, OfferedModel? model) => new(id, model?.Created ?? 0, model?.OwnedBy ?? upstream.Name);
    }
}
