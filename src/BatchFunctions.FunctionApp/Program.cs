using BatchFunctions;
using BatchFunctions.Configuration;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Azure.Functions.Worker.OpenTelemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

var builder = FunctionsApplication.CreateBuilder(args);
builder.ConfigureFunctionsWebApplication();
builder.Configuration.AddHostTimeout(HostFile.Place);
builder.Services.AddBatchFunctions(builder.Configuration, hostReportsRequests: true).AddSweepAtStart();
if (BatchFunctionsExtensions.ExportsTelemetry(builder.Configuration))
{
    // Ties what the worker exports to the host's spans, and tells the host not to export the worker's logs a second time.
    builder.Services.AddOpenTelemetry().UseFunctionsWorkerDefaults();
}

builder.Build().Run();
