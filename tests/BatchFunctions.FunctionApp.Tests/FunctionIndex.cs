using System.Text.Json;

namespace BatchFunctions.FunctionApp.Tests;

/// <summary>What the Functions host is told of the app: each function and what triggers it.</summary>
internal static class FunctionIndex
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web);

    /// <summary>From the file in the app's output, made by the build.</summary>
    public static IReadOnlyList<IndexedFunction> OfBuild { get; } = Read();

    public static IEnumerable<IndexedFunction> Http => TriggeredBy("httpTrigger");

    public static IEnumerable<IndexedFunction> Queues => TriggeredBy("queueTrigger");

    public static IEnumerable<IndexedFunction> Timers => TriggeredBy("timerTrigger");

    /// <summary>From the worker, which the host asks when it starts.</summary>
    public static async Task<IReadOnlyList<IndexedFunction>> OfWorkerAsync() =>
    [
        .. (await new GeneratedFunctionMetadataProvider().GetFunctionMetadataAsync("")).Select(function => new IndexedFunction(
            function.Name!,
            function.EntryPoint!,
            [.. function.RawBindings!.Select(binding => JsonSerializer.Deserialize<Binding>(binding, Options)!)])),
    ];

    private static IEnumerable<IndexedFunction> TriggeredBy(string type) =>
        OfBuild.Where(function => function.Trigger.Type == type);

    private static List<IndexedFunction> Read() =>
        JsonSerializer.Deserialize<List<IndexedFunction>>(
            File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "functions.metadata")), Options)!;
}

/// <summary>A function in the index.</summary>
internal sealed record IndexedFunction(string Name, string EntryPoint, IReadOnlyList<Binding> Bindings)
{
    public Binding Trigger => Bindings.Single(binding => binding.Type.EndsWith("Trigger", StringComparison.Ordinal));

    public override string ToString() => $"{Name} {EntryPoint} {string.Join("; ", Bindings)}";
}

/// <summary>One binding of a function; what its type has not is null.</summary>
internal sealed record Binding(
    string Name,
    string Type,
    string? AuthLevel,
    IReadOnlyList<string>? Methods,
    string? Route,
    string? QueueName,
    string? Connection,
    string? Schedule)
{
    public override string ToString() =>
        $"{Name} {Type} {AuthLevel} {string.Join(',', Methods ?? [])} {Route} {QueueName} {Connection} {Schedule}";
}
