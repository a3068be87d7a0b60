using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace BatchFunctions.Models;

/// <summary>A model that can be batched, as the API returns it.</summary>
internal sealed class ModelObject(string id, long created, string ownedBy)
{
    private const string Kind = "model";

    [Description("The name that a line's body has.")]
    public string Id { get; } = id;

    [AllowedValues(Kind)]
    public string Object { get; } = Kind;

    [Description("Unix time, in seconds, as the upstream says; 0 where it does not.")]
    public long Created { get; } = created;

    [Description("Whose it is, as the upstream says; else the upstream's name.")]
    public string OwnedBy { get; } = ownedBy;
}

/// <summary>All models that can be batched, as the API returns them: in one piece, as OpenAI does.</summary>
internal sealed class ModelListObject(IReadOnlyList<ModelObject> data)
{
    private const string Kind = "list";

    [AllowedValues(Kind)]
    public string Object { get; } = Kind;

    public IReadOnlyList<ModelObject> Data { get; } = data;
}
