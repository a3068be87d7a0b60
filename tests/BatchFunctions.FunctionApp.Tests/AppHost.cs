using System.Diagnostics;
using System.Reflection;
using BatchFunctions.Storage;
using Microsoft.Extensions.Hosting;

namespace BatchFunctions.FunctionApp.Tests;

/// <summary>The Functions app as its own <c>Program</c> builds it, up to the point where it would run.</summary>
internal static class AppHost
{
    private const string HostEvents = "Microsoft.Extensions.Hosting";
    private const string Built = "HostBuilt";

    /// <summary>Runs the app's entry point until its host is built, on settings that stand in for those of the Functions host.</summary>
    public static IHost Build(string connection, params string[] others)
    {
        string[] settings =
        [
            $"--{StorageClients.Connection}={connection}",
            "--Batch:Upstream:BaseUrl=http://127.0.0.1:1/v1",
            "--Functions:Worker:HostEndpoint=http://127.0.0.1:1",
            "--Functions:Worker:WorkerId=worker",
            "--Functions:Worker:RequestId=request",
            "--Functions:Worker:GrpcMaxMessageLength=1048576",
            .. others,
        ];
        using var capture = new Capture();
        try
        {
            typeof(BatchTriggers).Assembly.EntryPoint!.Invoke(null, BindingFlags.DoNotWrapExceptions, null, [settings], null);
        }
        catch (HostAbortedException) when (capture.Host is not null)
        {
            return capture.Host;
        }

        throw new InvalidOperationException("The app's entry point has built no host.");
    }

    /// <summary>Takes the host that this thread builds, and ends the entry point there.</summary>
    private sealed class Capture : IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>, IDisposable
    {
        private readonly int _thread = Environment.CurrentManagedThreadId;
        private readonly List<IDisposable> _subscriptions = [];

        public Capture() => _subscriptions.Add(DiagnosticListener.AllListeners.Subscribe(this));

        public IHost? Host { get; private set; }

        public void OnNext(DiagnosticListener value)
        {
            if (value.Name == HostEvents && Environment.CurrentManagedThreadId == _thread)
            {
                _subscriptions.Add(value.Subscribe(this));
            }
        }

        public void OnNext(KeyValuePair<string, object?> value)
        {
            if (value.Key == Built && Environment.CurrentManagedThreadId == _thread)
            {
                Host = (IHost)value.Value!;
                throw new HostAbortedException();
            }
        }

        public void OnCompleted()
        {
        }

        public void OnError(Exception error)
        {
        }

        public void Dispose() => _subscriptions.ForEach(subscription => subscription.Dispose());
    }
}
