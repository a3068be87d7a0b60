using System.Reflection;
using BatchFunctions.Cli;
using BatchFunctions.SelfHost.Azurite;
using BatchFunctions.SelfHost.Echo;

namespace BatchFunctions.Tests.Structure;

/// <summary>One hand: what the analyzers cannot ask for.</summary>
public sealed class HandTests
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Assembly[] Ours =
    [
        .. FloorTests.Library,
        typeof(EchoUpstream).Assembly,
        typeof(AzuriteServer).Assembly,
        typeof(BatchCommandLine).Assembly,
    ];

    /// <summary>
    /// A token is called <c>ct</c> wherever the name is ours; an interface or a base class may give another, and of two in one
    /// method each has its own.
    /// </summary>
    [Fact]
    public void Cancellation_tokens_have_one_name()
    {
        var others = Ours.SelectMany(assembly => assembly.GetTypes())
            .Where(type => !IsGenerated(type))
            .SelectMany(type => type.GetMethods(Declared))
            .Where(method => !IsGenerated(method) && !NameIsGiven(method) && Tokens(method).Count() == 1)
            .SelectMany(method => Tokens(method)
                .Where(parameter => parameter.Name is not ("ct" or "token"))
                .Select(parameter => $"{method.DeclaringType}.{method.Name}({parameter.Name})"));

        Assert.Empty(others);
    }

    private static IEnumerable<ParameterInfo> Tokens(MethodInfo method) =>
        method.GetParameters().Where(parameter => parameter.ParameterType == typeof(CancellationToken));

    private static bool IsGenerated(MemberInfo member) =>
        member.Name.Contains('<', StringComparison.Ordinal)
        || (member.DeclaringType is { } outer && IsGenerated(outer));

    private static bool NameIsGiven(MethodInfo method) =>
        method.GetBaseDefinition() != method
        || method.DeclaringType!.GetInterfaces().Any(contract =>
            !contract.IsGenericTypeDefinition
            && method.DeclaringType.GetInterfaceMap(contract).TargetMethods.Contains(method));
}
