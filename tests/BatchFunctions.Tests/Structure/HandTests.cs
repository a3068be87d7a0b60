using System.Reflection;
using BatchFunctions.Cli;
using BatchFunctions.SelfHost.Azurite;
using BatchFunctions.SelfHost.Echo;
using BatchFunctions.Testing;

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

    /// <summary>Those of the system first, then by name, and behind them static ones and other names: as <c>dotnet format</c> has them, which takes a minute for it.</summary>
    [Fact]
    public void Usings_are_in_order()
    {
        string[] roots = ["src", "tests", "bench", "examples"];
        var files = roots.SelectMany(root => Directory.EnumerateFiles(Repository.At(root), "*.cs", SearchOption.AllDirectories))
            .Where(file => !file.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj" or "node_modules"))
            .ToList();

        Assert.True(files.Count > 500, $"{files.Count} files were found.");
        Assert.All(files, file =>
        {
            var usings = File.ReadLines(file)
                .Select(line => line.TrimEnd(';'))
                .TakeWhile(line => !line.StartsWith("namespace ", StringComparison.Ordinal))
                .Where(line => line.StartsWith("using ", StringComparison.Ordinal) && !line.Contains('(', StringComparison.Ordinal) && !line.StartsWith("using var ", StringComparison.Ordinal))
                .Select(line => line["using ".Length..])
                .ToList();
            Assert.True(usings.SequenceEqual(usings.OrderBy(Place).ThenBy(NameOf, StringComparer.OrdinalIgnoreCase)), file);
        });

        static int Place(string line) => line switch
        {
            _ when line.Contains('=', StringComparison.Ordinal) => 3,
            _ when line.StartsWith("static ", StringComparison.Ordinal) => 2,
            _ => line == "System" || line.StartsWith("System.", StringComparison.Ordinal) ? 0 : 1,
        };

        // A name stands before those that begin with it and a point, and these before others.
        static string NameOf(string line) => line.Replace("static ", "", StringComparison.Ordinal).Replace('.', '\u0001');
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
