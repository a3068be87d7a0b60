using BatchFunctions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;

namespace BatchFunctions.SignIn;

/// <summary>
/// The issuer's name and signing keys, as its metadata tells them: read when the first token comes, kept, and renewed while
/// tokens are checked with those that are there. One read is under way at a time, and none follows another at once, whatever
/// tokens come: anybody may make up a token.
/// </summary>
internal sealed partial class IssuerKeys(
    IDocumentRetriever documents, IOptions<BatchOptions> options, TimeProvider time, ILogger<IssuerKeys> logger)
{
    /// <summary>How old keys are when they are read again.</summary>
    public static readonly TimeSpan RenewedAfter = TimeSpan.FromHours(1);

    /// <summary>How old keys may be: an issuer that cannot be reached for so long may have withdrawn them.</summary>
    public static readonly TimeSpan UsableFor = TimeSpan.FromHours(24);

    /// <summary>How long after a read a token of an unknown key makes no other.</summary>
    public static readonly TimeSpan UnknownKeyAfter = TimeSpan.FromMinutes(1);

    /// <summary>How long after a failure nothing is read.</summary>
    public static readonly TimeSpan FailureAfter = TimeSpan.FromSeconds(10);

    /// <summary>How long the issuer may take for its metadata and keys together.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private readonly OpenIdConnectConfigurationRetriever _reader = new();
    private readonly Lock _lock = new();
    private Held? _held;
    private Task? _read;
    private string? _failure;
    private DateTimeOffset _nextRead;

    /// <summary>The keys that are there, or those to come where there are none.</summary>
    /// <exception cref="SignInUnavailableException">The issuer does not give them.</exception>
    public async ValueTask<OpenIdConnectConfiguration> GetAsync(CancellationToken ct)
    {
        if (!TryTake(out var keys, out var read))
        {
            await read.WaitAsync(ct);
            if (!TryTake(out keys, out _))
            {
                throw Unavailable();
            }
        }

        return keys!;
    }

    /// <summary>Newer keys than those that lacked a token's; null if there are none.</summary>
    /// <exception cref="SignInUnavailableException">The issuer does not say: the token's key may be a new one.</exception>
    public async ValueTask<OpenIdConnectConfiguration?> GetNewerAsync(OpenIdConnectConfiguration seen, CancellationToken ct)
    {
        Task? read;
        lock (_lock)
        {
            read = ReferenceEquals(_held?.Keys, seen) ? _read ?? TryRead() : null;
        }

        await (read ?? Task.CompletedTask).WaitAsync(ct);
        lock (_lock)
        {
            return !ReferenceEquals(_held?.Keys, seen) ? _held?.Keys
                : _failure is null ? null
                : throw Unavailable();
        }
    }

    private bool TryTake(out OpenIdConnectConfiguration? keys, out Task read)
    {
        lock (_lock)
        {
            var age = _held is null ? TimeSpan.MaxValue : time.GetUtcNow() - _held.At;
            keys = age < UsableFor ? _held!.Keys : null;
            read = _read ?? (age >= RenewedAfter ? TryRead() : null) ?? Task.CompletedTask;
            return keys is not null;
        }
    }

    /// <summary>Begins a read, unless the last one is too near.</summary>
    private Task? TryRead() =>
        // Whoever asks may go away; whoever waits beside them must not suffer for it.
        time.GetUtcNow() < _nextRead ? null : _read = Task.Run(ReadAsync, CancellationToken.None);

    private async Task ReadAsync()
    {
        var address = SignInIssuer.MetadataOf(options.Value.SignIn).AbsoluteUri;
        try
        {
            using var limit = new CancellationTokenSource(Limit, time);
            var keys = await ((IConfigurationRetriever<OpenIdConnectConfiguration>)_reader).GetConfigurationAsync(address, documents, limit.Token);
            Keep(keys);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            NoteFailure(address, e);
        }
    }

    private void Keep(OpenIdConnectConfiguration keys)
    {
        // A name with a place for a tenant's ID is that of all tenants.
        if (string.IsNullOrEmpty(keys.Issuer) || keys.Issuer.Contains('{', StringComparison.Ordinal) || keys.SigningKeys.Count == 0)
        {
            throw new InvalidOperationException("its metadata names no single issuer, or no signing key");
        }

        lock (_lock)
        {
            _held = new Held(keys, time.GetUtcNow());
            _failure = null;
            _nextRead = _held.At + UnknownKeyAfter;
            _read = null;
        }
    }

    private void NoteFailure(string address, Exception e)
    {
        var reason = e is OperationCanceledException
            ? $"it has not answered for {Limit.TotalSeconds:0.#} s"
            : e.GetBaseException().Message.Split('\n', 2)[0].TrimEnd();
        lock (_lock)
        {
            _failure = reason;
            _nextRead = time.GetUtcNow() + FailureAfter;
            _read = null;
        }

        Log.NotRead(logger, address, reason);
    }

    private SignInUnavailableException Unavailable()
    {
        lock (_lock)
        {
            return new SignInUnavailableException(_failure ?? "they are too old");
        }
    }

    private sealed record Held(OpenIdConnectConfiguration Keys, DateTimeOffset At);

    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Warning,
            "The sign-in's issuer gives no keys at {Address} ({Reason}): check Batch__SignIn__TenantId or __Authority, and the way out. Keys that are there are used meanwhile, for a day at most.")]
        public static partial void NotRead(ILogger logger, string address, string reason);
    }
}
