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

    private static readonly Lazy<Task<Bicep.Outcome>> Main = new(() => Bicep.RunAsync("build", Repository.File("infra/main.bicep"), "--stdout"));

    [Fact]
    public async Task Every_file_compiles_and_lints_without_a_word()
    {
        Assert.Equal((0, ""), Silent(await Main.Value));
        Assert.Equal((0, ""), Silent(await Bicep.RunInAsync(Repository.File("infra"), "lint", "--pattern", "**/*.bicep")));
    }

    [Fact]
    public async Task Every_file_is_formatted()
    {
        var directory = Directory.CreateTempSubdirectory("batchfunctions-format-");
        try
        {
            Deployment.CopyTemplate(directory.FullName);

            Assert.Equal((0, ""), Silent(await Bicep.RunInAsync(directory.FullName, "format", "--pattern", "**/*.bicep")));

            foreach (var path in Paths)
            {
                var formatted = Path.Combine(directory.FullName, Path.GetRelativePath("infra", path));
                Assert.Equal(await File.ReadAllTextAsync(formatted), await File.ReadAllTextAsync(Repository.File(path)));
            }
        }
        finally
        {
            directory.Delete(recursive: true);
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

            var outcome = await Bicep.RunAsync("lint", file);

            Assert.NotEqual(0, outcome.ExitCode);
            Assert.Contains("Error no-unused-params", outcome.Output + outcome.Diagnostics, StringComparison.Ordinal);
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
        var template = JsonDocument.Parse((await Main.Value).Output).RootElement;
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
        var template = JsonDocument.Parse((await Main.Value).Output).RootElement;

        var numbers = template.GetProperty("parameters").EnumerateObject()
            .Where(parameter => parameter.Value.GetProperty("type").GetString() == "int");

        Assert.All(numbers, parameter => Assert.True(
            parameter.Value.TryGetProperty("allowedValues", out _)
            || (parameter.Value.TryGetProperty("minValue", out _) && parameter.Value.TryGetProperty("maxValue", out _)),
            parameter.Name));
    }

    private static (int ExitCode, string Words) Silent(Bicep.Outcome outcome) => (outcome.ExitCode, outcome.Diagnostics);
}
