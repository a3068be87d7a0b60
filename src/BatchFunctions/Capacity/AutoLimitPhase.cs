using System.Text.Json.Serialization;

namespace BatchFunctions.Capacity;

/// <summary>What a trial is for.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AutoLimitPhase>))]
internal enum AutoLimitPhase
{
    /// <summary>To see whether more lines in flight than before get more done.</summary>
    Climb,

    /// <summary>To see whether fewer get as much done.</summary>
    Descend,

    /// <summary>To see whether the upstream is still what it was.</summary>
    Hold,
}
