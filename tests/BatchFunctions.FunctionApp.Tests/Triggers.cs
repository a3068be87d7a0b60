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

    /// <summary>The methods of other types that the body calls, in order.</summary>
    public IReadOnlyList<MethodBase> Calls
    {
        get
        {
            var il = Method.GetMethodBody()!.GetILAsByteArray()!;
            var calls = new List<MethodBase>();
            for (var i = 0; i < il.Length; i++)
            {
                // A trigger's body loads its arguments (ldarg: one or two bytes), a field (five bytes), and calls (five).
                if (il[i] == OpCodes.Call.Value || il[i] == OpCodes.Callvirt.Value)
                {
                    calls.Add(Method.Module.ResolveMethod(BitConverter.ToInt32(il, i + 1))!);
                    i += 4;
                }
                else if (il[i] == OpCodes.Ldfld.Value)
                {
                    i += 4;
                }
                else if (il[i] == OpCodes.Ldarg_S.Value)
                {
                    i++;
                }
            }

            return calls;
        }
    }

    private T? First<T>()
        where T : Attribute => Method.GetParameters().Select(parameter => parameter.GetCustomAttribute<T>()).FirstOrDefault(a => a is not null);
}
