using BatchFunctions.Bench.Lines;

namespace BatchFunctions.Bench.Sides;

/// <summary>A batch input in a temporary folder, which goes with it.</summary>
internal sealed class InputFile : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("batchfunctions-bench");

    /// <summary>Writes it.</summary>
    /// <param name="lines">How many lines.</param>
    /// <param name="lineBytes">About how many bytes each message has.</param>
    public InputFile(int lines, int lineBytes)
    {
        File.WriteAllBytes(Path, InputText.Of(InputText.Texts["ascii"], lines, lineBytes));
    }

    public string Path => System.IO.Path.Combine(_folder.FullName, "input.jsonl");

    public void Dispose() => _folder.Delete(recursive: true);
}
