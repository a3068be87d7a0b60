using BatchFunctions.Batches;
using BatchFunctions.Files;
using BatchFunctions.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace BatchFunctions.IntegrationTests.Processing;

/// <summary>How long result files live whose batch's creator has said nothing of it.</summary>
public sealed class ResultLifeTests : DrivenTest
{
    private protected override IReadOnlyDictionary<string, string?> Settings { get; } =
        new Dictionary<string, string?> { ["Batch:OutputExpiresAfter"] = "2.00:00:00" };

    private protected override void Configure(IServiceCollection services)
    {
    }

    [Theory]
    [InlineData(null, 172_800)]
    [InlineData(3600L, 3600)]
    public async Task They_live_as_long_as_was_asked_for_or_else_as_the_setting_says(long? asked, int seconds)
    {
        Upstream.Answer(call => ScriptedAnswer.Chat(call));
        var input = await Driver.UploadAsync(System.Text.Encoding.UTF8.GetBytes(BatchDriver.LinesOf(2)));
        var made = await Driver.Get<BatchCreation>().TryCreateAsync(
            new NewBatch(BatchDriver.Tenant, input.Id, InputLines.Endpoint, "24h", null, asked), default);

        var ended = await Driver.RunToEndAsync(made!);

        var output = await Driver.Get<FileStore>().FindAsync(BatchDriver.Tenant, ended.OutputFileId!, default);
        Assert.InRange((output!.ExpiresAt - ended.FinalizingAt)!.Value.TotalSeconds, seconds, seconds + 60);
    }
}
