using BatchFunctions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Storage;

/// <summary>Creates the tables, queues and containers when the host starts, unless a template creates them.</summary>
internal sealed class StorageProvisioner(StorageClients storage, IOptions<BatchOptions> options) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) =>
        options.Value.CreateStorage ? storage.CreateAllAsync(cancellationToken) : Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
