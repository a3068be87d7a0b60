using System.Reflection;
using System.Runtime.Loader;
using Azure.Core;
using Azure.Storage.Queues.Models;
using Microsoft.AspNetCore.Http;

namespace BatchFunctions.Simulation.Workers;

/// <summary>Starts the service in a process.</summary>
/// <param name="clock">The process's clock.</param>
/// <param name="chance">For what the library leaves to chance.</param>
/// <param name="reached">Is told of each gap between two writes, by its name, and let go on when it returns.</param>
/// <param name="connect">Gives a storage client its way to storage.</param>
/// <param name="wayOf">Gives a client of HTTP its way, by the client's name.</param>
/// <param name="settings">What the process is deployed with.</param>
/// <param name="sizes">Sizes that no setting has, by their name in the library's options.</param>
/// <returns>Its container, and what its triggers call: for a message of a queue, for the timer, and for a request.</returns>
internal delegate (IServiceProvider Services, Func<string, QueueMessage, CancellationToken, Task> Handle, Func<CancellationToken, Task> Sweep, Func<HttpContext, Task> Answer) StartService(
    TimeProvider clock,
    Random chance,
    Func<string, CancellationToken, ValueTask> reached,
    Action<ClientOptions> connect,
    Func<string, HttpMessageHandler> wayOf,
    IReadOnlyDictionary<string, string?> settings,
    IReadOnlyDictionary<string, int> sizes);

/// <summary>
/// Another version of the library, from the folder of its build. It is loaded beside this one, with this assembly once more in front of it,
/// which is bound to what stands there: so a version can be simulated as far back as it has what <see cref="ServiceProcess"/> calls.
/// </summary>
internal sealed class ServiceVersion
{
    private static readonly string Seam = typeof(ServiceProcess).Assembly.GetName().Name!;
    private static readonly string[] Library = ["BatchFunctions", "BatchFunctions.Core"];

    private readonly Assembly _library;

    private ServiceVersion(Loader loader)
    {
        _library = loader.LoadFromAssemblyName(new AssemblyName(Library[0]));
        Start = loader.LoadFromAssemblyName(new AssemblyName(Seam))
            .GetType(typeof(ServiceProcess).FullName!, throwOnError: true)!.GetMethod(nameof(ServiceProcess.Start))!.CreateDelegate<StartService>();
    }

    /// <summary>Starts a process of it.</summary>
    public StartService Start { get; }

    /// <summary>Loads a version.</summary>
    /// <param name="folder">Where its <c>BatchFunctions.dll</c> is.</param>
    /// <exception cref="FileNotFoundException">It is not there.</exception>
    public static ServiceVersion Load(string folder) => new(new Loader(Path.GetFullPath(folder)));

    /// <summary>Whether the version has a type of the library: what came later it cannot be held to.</summary>
    public bool Knows<T>() => _library.GetType(typeof(T).FullName!) is not null;

    private sealed class Loader(string folder) : AssemblyLoadContext("other version")
    {
        protected override Assembly? Load(AssemblyName assemblyName) =>
            assemblyName.Name == Seam ? LoadFromAssemblyPath(typeof(ServiceProcess).Assembly.Location)
            : Library.Contains(assemblyName.Name) ? LoadFromAssemblyPath(Path.Combine(folder, $"{assemblyName.Name}.dll"))
            : null;
    }
}
