using System.Reflection;
using Microsoft.Azure.Functions.Worker;

namespace BatchFunctions.FunctionApp.Tests;

/// <summary>The app's functions, as reflection finds them: what a test goes through, so that none is left out.</summary>
internal static class Functions
{
    public static IReadOnlyList<Function> All { get; } =
    [
        .. typeof(BatchTriggers).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods())
            .Where(method => method.IsDefined(typeof(FunctionAttribute)))
            .Select(method => new Function(method)),
    ];

    public static IEnumerable<Function> Http => All.Where(function => function.Http is not null);

    public static Function Named(string name) => All.Single(function => function.Name == name);
}

/// <summary>One function: a method of a trigger class.</summary>
internal sealed record Function(MethodInfo Method)
{
    public string Name => Method.GetCustomAttribute<FunctionAttribute>()!.Name;

    public string EntryPoint => $"{Method.DeclaringType!.FullName}.{Method.Name}";

    public HttpTriggerAttribute? Http => Trigger<HttpTriggerAttribute>();

    public QueueTriggerAttribute? Queue => Trigger<QueueTriggerAttribute>();

    public TimerTriggerAttribute? Timer => Trigger<TimerTriggerAttribute>();

    private T? Trigger<T>()
        where T : Attribute => Method.GetParameters().Select(parameter => parameter.GetCustomAttribute<T>()).FirstOrDefault(a => a is not null);
}
