using System.Text.Json;
using System.Text.RegularExpressions;

namespace BatchFunctions.Infra.Tests;

public sealed class TemplateTests
{
    private static readonly string[] Paths =
    [
        .. Directory.EnumerateFiles(Repository.File("infra"), "*.bicep", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Repository.Root, file)),
    ];

    private static readonly Lazy<Task<Bicep.Compilation>> Main = new(() => Bicep.CompileAsync(Repository.File("infra/main.bicep")));

    [Fact]
    public async Task Every_file_compiles_and_lints_without_a_word()
    {
        foreach (var path in Paths)
        {
            Assert.Empty((await Bicep.CompileAsync(Repository.File(path))).Diagnostics);
        }
    }

    [Fact]
    public async Task Every_file_is_formatted()
    {
        foreach (var path in Paths)
        {
            Assert.Equal(await Bicep.FormatAsync(Repository.File(path)), await File.ReadAllTextAsync(Repository.File(path)));
        }
    }

    [Fact]
    public async Task A_mistake_is_an_error_of_the_linter()
    {
        var directory = Directory.CreateTempSubdirectory("batchfunctions-lint-");
        try
        {
            File.Copy(Repository.File("infra/bicepconfig.json"), Path.Combine(directory.FullName, "bicepconfig.json"));
            var file = Path.Combine(directory.FullName, "unused.bicep");
            await File.WriteAllTextAsync(file, "param unused string\n");

            var compilation = await Bicep.CompileAsync(file);

            Assert.False(compilation.Success);
            Assert.Equal(("Error", "no-unused-params"), (Assert.Single(compilation.Diagnostics).Level, compilation.Diagnostics[0].Code));
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Modules_come_from_this_repository_and_api_versions_are_pinned()
    {
        foreach (var path in Paths)
        {
            var text = await File.ReadAllTextAsync(Repository.File(path));

            Assert.DoesNotContain("'br/", text, StringComparison.Ordinal);
            Assert.DoesNotContain("'br:", text, StringComparison.Ordinal);
            Assert.DoesNotContain("'ts:", text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Every_parameter_is_described_and_azd_knows_each_by_a_variable()
    {
        var template = JsonDocument.Parse((await Main.Value).Contents!).RootElement;
        var parameters = template.GetProperty("parameters").EnumerateObject().ToList();
        var values = JsonDocument.Parse(await File.ReadAllTextAsync(Repository.File("infra/main.parameters.json"))).RootElement.GetProperty("parameters").EnumerateObject().ToList();

        Assert.All(parameters, parameter => Assert.NotEmpty(parameter.Value.GetProperty("metadata").GetProperty("description").GetString()!));
        Assert.Equal(parameters.Select(parameter => parameter.Name).Order(), values.Select(value => value.Name).Order());
        Assert.All(values, value =>
        {
            // azd takes an empty variable for an empty value, so the default stands here too: the same one.
            var given = template.GetProperty("parameters").GetProperty(value.Name);
            var expected = given.TryGetProperty("defaultValue", out var text) && text.ToString().Length > 0 ? $"={text}" : "";
            Assert.Matches($@"^\$\{{[A-Z_]+{Regex.Escape(expected)}\}}$", value.Value.GetProperty("value").GetString()!.Replace("=true", "=True", StringComparison.Ordinal).Replace("=false", "=False", StringComparison.Ordinal));
        });
    }

    [Fact]
    public async Task Every_whole_number_has_bounds()
    {
        var template = JsonDocument.Parse((await Main.Value).Contents!).RootElement;

        var numbers = template.GetProperty("parameters").EnumerateObject()
            .Where(parameter => parameter.Value.GetProperty("type").GetString() == "int");

        Assert.All(numbers, parameter => Assert.True(
            parameter.Value.TryGetProperty("allowedValues", out _)
            || (parameter.Value.TryGetProperty("minValue", out _) && parameter.Value.TryGetProperty("maxValue", out _)),
            parameter.Name));
    }
}
