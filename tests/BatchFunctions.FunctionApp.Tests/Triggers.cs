using System.Reflection;
using System.Reflection.Emit;
using Microsoft.Azure.Functions.Worker;

namespace BatchFunctions.FunctionApp.Tests;

/// <summary>The Functions app's triggers, as reflection sees them.</summary>
internal static class Triggers
{
    public static IReadOnlyList<Trigger> All { get; } =
    [
        .. typeof(BatchTriggers).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly))
            .Where(method => method.GetCustomAttribute<FunctionAttribute>() is not null)
            .Select(method => new Trigger(method)),
    ];

    public static IEnumerable<Trigger> Http => All.Where(trigger => trigger.Http is not null);
}

/// <summary>One function.</summary>
internal sealed record Trigger(MethodInfo Method)
{
    public string Name => Method.GetCustomAttribute<FunctionAttribute>()!.Name;

    public HttpTriggerAttribute? Http => First<HttpTriggerAttribute>();

    public QueueTriggerAttribute? Queue => First<QueueTriggerAttribute>();

    public TimerTriggerAttribute? Timer => First<TimerTriggerAttribute>();

    /// <summary>The library's method that the body calls.</summary>
    /// <exception cref="InvalidOperationException">The body is more than one call that hands the arguments on.</exception>
    public MethodInfo Handler
    {
        get
        {
            var il = Method.GetMethodBody()!.GetILAsByteArray()!;
            var at = 0;
            void Take(OpCode code)
            {
                if (il[at++] != code.Value)
                {
                    throw new InvalidOperationException($"{Name} is more than one call of a handler with its arguments.");
                }
            }

            // this.handlers.Handler(each argument in its order), and nothing else.
            Take(OpCodes.Ldarg_0);
            Take(OpCodes.Ldfld);
            at += sizeof(int);
            foreach (var argument in Method.GetParameters().Where(parameter => parameter.ParameterType != typeof(TimerInfo)))
            {
                Take(argument.Position switch { 0 => OpCodes.Ldarg_1, 1 => OpCodes.Ldarg_2, _ => OpCodes.Ldarg_3 });
            }

            Take(OpCodes.Callvirt);
            var handler = Method.Module.ResolveMethod(BitConverter.ToInt32(il, at))!;
            at += sizeof(int);
            Take(OpCodes.Ret);
            return at == il.Length ? (MethodInfo)handler : throw new InvalidOperationException($"{Name} goes on after its return.");
        }
    }

    private T? First<T>()
        where T : Attribute => Method.GetParameters().Select(parameter => parameter.GetCustomAttribute<T>()).FirstOrDefault(a => a is not null);
}
