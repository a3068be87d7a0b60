namespace BatchFunctions.Lines;

/// <summary>Says what is wrong with a model that lines name; null if nothing is.</summary>
/// <param name="model">Its name, in UTF-8 and without escapes; empty where a line names none.</param>
internal delegate LineProblem? ModelRule(ReadOnlySpan<byte> model);
