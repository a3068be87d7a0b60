using BatchFunctions.Bench.Lines;

namespace BatchFunctions.Bench.Sides;

/// <summary>A batch input in a temporary folder, which goes with it.</summary>
internal sealed class InputFile : IDisposable
{
    private const int LinesAtOnce = 10_000;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("batchfunctions-bench");

    /// <summary>Writes it.</summary>
    /// <param name="lines">How many lines.</param>
    /// <param name="lineBytes">About how many bytes each message has.</param>
    public InputFile(int lines, int lineBytes)
    {
        using var file = File.Create(Path);
        for (var first = 0; first < lines; first += LinesAtOnce)
        {
            file.Write(InputText.Of(InputText.Texts["ascii"], Math.Min(LinesAtOnce, lines - first), lineBytes, first));
        }
    }

    public string Path => System.IO.Path.Combine(_folder.FullName, "input.jsonl");

    public void Dispose() => _folder.Delete(recursive: true);
}
