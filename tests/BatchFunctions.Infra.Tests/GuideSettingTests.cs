using System.Text.RegularExpressions;
using BatchFunctions.Configuration;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Infra.Tests;

/// <summary>What the guides say to set, over what the template sets: as <c>BATCH_APP_SETTINGS</c> would put it.</summary>
[Collection(nameof(Deployments))]
public sealed partial class GuideSettingTests(Deployments deployments)
{
    private static readonly string[] Guides = ["examples/README.md", "docs/operations.md", "docs/upstream.md", "README.md"];

    [Fact]
    public void Every_set_of_the_guides_fits_over_the_templates_own()
    {
        var sets = Guides.SelectMany(guide => Sets(File.ReadAllText(Repository.File(guide)))).ToList();

        Assert.True(sets.Count > 15, $"Only {sets.Count} sets were found.");
        Assert.All(sets, set => Assert.Null(Record.Exception(() => Start(set))));
    }

    /// <summary>What is refused is refused by the same check as at the app's start.</summary>
    [Fact]
    public void A_set_that_does_not_fit_is_found() =>
        Assert.Throws<OptionsValidationException>(() => Start([new("Batch__Upstream__Timeout", "00:20:00")]));

    private void Start(IReadOnlyList<KeyValuePair<string, string>> set)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(deployments.Plain.Settings.Where(setting => IsOurs(setting.Key)).Select(Named))
            .AddInMemoryCollection(set.Select(Named))
            .Build();
        using var services = new ServiceCollection().AddBatchFunctions(configuration).BuildServiceProvider();
        _ = services.GetRequiredService<IOptions<BatchOptions>>().Value;
    }

    /// <summary>The blocks of settings, and the rows of the table of upstreams.</summary>
    private static IEnumerable<List<KeyValuePair<string, string>>> Sets(string guide) =>
        Block().Matches(guide).Select(block => block.Groups["lines"].Value.Split('\n'))
            .Concat(guide.Split('\n')
                .Where(line => line.StartsWith("| ", StringComparison.Ordinal) && line.Contains("`Batch__Upstream__BaseUrl=", StringComparison.Ordinal))
                .Select(line => Code().Matches(line).Select(code => code.Groups["text"].Value).ToArray()))
            .Select(lines => lines
                .Select(line => Setting().Match(line))
                .Where(setting => setting.Success && IsOurs(setting.Groups["name"].Value))
                .Select(setting => KeyValuePair.Create(setting.Groups["name"].Value, setting.Groups["value"].Value))
                .ToList())
            .Where(set => set.Count > 0);

    private static bool IsOurs(string name) =>
        name.StartsWith("Batch__", StringComparison.Ordinal) || name.StartsWith(HostFile.Overrides, StringComparison.Ordinal);

    private static KeyValuePair<string, string?> Named(KeyValuePair<string, string> setting) =>
        new(setting.Key.Replace("__", ":", StringComparison.Ordinal), setting.Value);

    [GeneratedRegex("^```ini\n(?<lines>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex("`(?<text>[^`]+)`")]
    private static partial Regex Code();

    /// <summary>A comment may stand behind the value.</summary>
    [GeneratedRegex(@"^(?<name>[A-Za-z][\w-]*)=(?<value>.*?)(\s+#.*)?$")]
    private static partial Regex Setting();
}
