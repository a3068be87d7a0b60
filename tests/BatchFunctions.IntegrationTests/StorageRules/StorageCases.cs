using System.Runtime.CompilerServices;
using Azure;
using Azure.Core;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using BatchFunctions.StrictStorage;

namespace BatchFunctions.IntegrationTests.StorageRules;

/// <summary>
/// Cases that are run against two storages, the strict one and Azurite. Each has the outcome that the documentation says; where
/// Azurite's is another, <see cref="StorageDifferences"/> has it.
/// </summary>
/// <param name="connection">An account that no other case has.</param>
public abstract class StorageCases(string connection)
{
    private readonly StorageAccount? _strict = StorageAccount.Find(connection);

    protected TableServiceClient Tables => new(connection, With(new TableClientOptions()));

    protected QueueServiceClient Queues =>
        new(connection, With(new QueueClientOptions { MessageEncoding = QueueMessageEncoding.None }));

    protected BlobServiceClient Blobs => new(connection, With(new BlobClientOptions()));

    /// <summary>Compares what comes of a case with what is expected of the storage that it is run against.</summary>
    /// <param name="documented">The outcome by the documentation.</param>
    /// <param name="act">Does it, and says what came of it; a refusal is said by its status and code.</param>
    /// <param name="name">The case's name.</param>
    protected async Task ExpectAsync(string documented, Func<Task<string>> act, [CallerMemberName] string name = "")
    {
        var difference = StorageDifferences.All.SingleOrDefault(difference => difference.Case == name);
        if (difference is not null)
        {
            Assert.Equal(difference.Documented, documented);
        }

        var expected = _strict is null && difference is not null ? difference.Azurite : documented;
        var outcome = await OutcomeAsync(act);
        Assert.True(outcome == expected, $"What came of it is '{outcome}', and not '{expected}'.");
    }

    /// <summary>What came of a request: its own word for it, or the status and code of a refusal.</summary>
    protected static async Task<string> OutcomeAsync(Func<Task<string>> act)
    {
        try
        {
            return await act();
        }
        catch (RequestFailedException e)
        {
            return e.Status == 501 ? e.Message : $"{e.Status} {e.ErrorCode}".Trim();
        }
        catch (InvalidOperationException)
        {
            return "an answer that the client cannot read";
        }
    }

    /// <summary>The status of an answer.</summary>
    protected static async Task<string> StatusAsync(Task<Response> response) => $"{(await response).Status}";

    protected static async Task<string> StatusAsync<T>(Task<Response<T>> response) => $"{(await response).GetRawResponse().Status}";

    private T With<T>(T options)
        where T : ClientOptions
    {
        options.Retry.MaxRetries = 0;
        if (_strict is not null)
        {
            options.Transport = _strict.Transport;
        }

        return options;
    }
}
