using System.Globalization;
using BatchFunctions.Checks;
using BatchFunctions.Cli.Input;
using BatchFunctions.SelfHost.Commands;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace BatchFunctions.Cli.Terminal;

/// <summary>What was found of an input, for people.</summary>
internal static class CheckTexts
{
    /// <summary>What is wrong: <c>line 3: Missing required parameter: 'custom_id'. (missing_required_parameter)</c>.</summary>
    public static string Fault(LineFault fault) =>
        BatchErrorTexts.Line(new(fault.Problem.Code, fault.Problem.Message, fault.Problem.Param, fault.Line));

    /// <summary>Whether the service would take the file.</summary>
    public static string Verdict(CheckedInput found, string name) => found.Valid
        ? $"{name} is valid: {Lines(found.Lines)} for {TerminalText.OneLine(found.Endpoint)}."
        : $"{name} would be refused: {Texts.Count(found.Faults)} {(found.Faults == 1 ? "fault" : "faults")}, {Lines(found.WrongLines)} of {Texts.Count(found.Lines)} wrong.";

    /// <summary>Counts and sizes.</summary>
    public static Grid Summary(CheckedInput found)
    {
        var grid = new Grid().AddColumn(new GridColumn().NoWrap().PadLeft(0).PadRight(2)).AddColumn(new GridColumn().PadLeft(0));
        grid.AddRow("Lines", found.WrongLines == 0 ? Texts.Count(found.Lines) : $"{Texts.Count(found.Lines)}, {Texts.Count(found.WrongLines)} of them wrong");
        grid.AddRow("Size", Texts.Bytes(found.Bytes));
        foreach (var endpoint in found.Endpoints)
        {
            grid.AddRow("Endpoint", Texts.Cell(found.Endpoints.Count == 1 ? endpoint.Endpoint : $"{endpoint.Endpoint}, {Lines(endpoint.Lines)}"));
        }

        grid.AddRow("Tokens", Tokens(found.Tokens));
        if (found.Tokens.LinesWithMore > 0)
        {
            grid.AddRow("Not counted", $"images, audio, files, tools, or what was said before, in {Lines(found.Tokens.LinesWithMore)}");
        }

        return grid;
    }

    /// <summary>Models with their lines, tokens, and what these cost.</summary>
    public static IRenderable Models(CheckedInput found, PriceList prices)
    {
        var table = new Table().Border(TableBorder.None).AddColumns("MODEL", "LINES", "TOKENS", "COUNTED BY");
        if (!prices.IsEmpty)
        {
            table.AddColumn("PRICE");
        }

        foreach (var column in table.Columns)
        {
            column.NoWrap().PadLeft(0).PadRight(2);
        }

        foreach (var model in found.Models)
        {
            Row(model.Model ?? "none named", model.Lines, $"{(model.Exact ? "" : "about ")}{Texts.Count(model.Tokens)}", model.Encoding ?? "estimate", prices.CostOf(model.Model, model.Tokens));
        }

        if (found.Models.Count > 1)
        {
            var tokens = found.Tokens;
            Row("total", found.Lines, $"{(tokens.Estimated == 0 ? "" : "about ")}{Texts.Count(tokens.Counted + tokens.Estimated)}", "", found.InputPrice);
        }

        return table;

        void Row(string name, long lines, string tokens, string encoding, decimal? price)
        {
            var cells = new[] { name, Texts.Count(lines), tokens, encoding }.Append(price is { } cost ? Price(cost) : "-");
            table.AddRow([.. cells.Take(table.Columns.Count).Select(Texts.Cell)]);
        }
    }

    private static string Tokens(TokenReport tokens) => (tokens.Counted, tokens.Estimated) switch
    {
        (var counted, 0) => $"{Texts.Count(counted)} of input",
        (0, var estimated) => $"about {Texts.Count(estimated)} of input, an estimate",
        var (counted, estimated) => $"{Texts.Count(counted)} of input, and about {Texts.Count(estimated)} more, an estimate",
    };

    /// <summary>A price to the hundredth, or as far as its first digits go.</summary>
    private static string Price(decimal price) => price.ToString(price is 0 or >= 1 ? "N2" : price >= 0.01m ? "0.00##" : "0.00######", CultureInfo.InvariantCulture);

    private static string Lines(long lines) => $"{Texts.Count(lines)} {(lines == 1 ? "line" : "lines")}";
}
