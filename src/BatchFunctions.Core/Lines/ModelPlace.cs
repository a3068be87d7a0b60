using System.Text.Json;

namespace BatchFunctions.Lines;

/// <summary>Where a body has its model's name, a JSON string; nowhere, if it names none.</summary>
/// <param name="Start">Where it begins, with its opening quote.</param>
/// <param name="Length">Its bytes, both quotes included; 0 where no model is named.</param>
/// <param name="IsEscaped">Whether it has escapes.</param>
internal readonly record struct ModelPlace(int Start, int Length, bool IsEscaped)
{
    /// <summary>Whether the body names a model.</summary>
    public bool IsNamed => Length > 0;

    /// <summary>The name, in UTF-8 and without escapes; empty where there is none.</summary>
    public ReadOnlySpan<byte> In(ReadOnlySpan<byte> body)
    {
        if (!IsNamed)
        {
            return default;
        }

        var spelled = body.Slice(Start, Length);
        if (!IsEscaped)
        {
            return spelled[1..^1];
        }

        var reader = new Utf8JsonReader(spelled);
        reader.Read();
        var name = new byte[reader.ValueSpan.Length];
        return name.AsSpan(0, reader.CopyString(name));
    }
}
