using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.IdentityModel.Tokens;

namespace BatchFunctions.Testing.SignIn;

/// <summary>An issuer of tokens on the loopback address: OpenID Connect metadata, signing keys, and the tokens themselves.</summary>
public sealed class TestIssuer : IAsyncDisposable
{
    /// <summary>Whom its tokens are made for, unless they say otherwise.</summary>
    public const string Audience = "8f2f4f5e-3f0a-4a65-9d0b-6a1f2c3d4e5f";

    private readonly WebApplication _app;
    private readonly TimeProvider _time;
    private int _reads;
    private volatile SigningKey _key = new("first");
    private volatile bool _isDown;
    private volatile TaskCompletionSource? _hold;

    private TestIssuer(WebApplication app, TimeProvider time)
    {
        _app = app;
        _time = time;
    }

    /// <summary>Its address, which is its name too.</summary>
    public string Address => _app.Urls.Single();

    /// <summary>The settings of a service that accepts its tokens.</summary>
    public Dictionary<string, string?> Settings => new()
    {
        ["Batch:SignIn:Authority"] = Address,
        ["Batch:SignIn:Audience"] = Audience,
    };

    /// <summary>How often its metadata was asked for.</summary>
    public int Reads => Volatile.Read(ref _reads);

    /// <summary>The key that it publishes and signs with.</summary>
    public SecurityKey Key => _key.Private;

    /// <summary>What it publishes of its key: everybody knows it.</summary>
    public string PublicKey => JsonSerializer.Serialize(_key.Public);

    /// <summary>Starts it on a free port.</summary>
    /// <param name="time">The clock of its tokens.</param>
    public static async Task<TestIssuer> StartAsync(TimeProvider? time = null)
    {
        var app = RoutedServer.Create();
        var issuer = new TestIssuer(app, time ?? TimeProvider.System);
        app.MapGet("/.well-known/openid-configuration", issuer.MetadataAsync);
        app.MapGet("/keys", issuer.Keys);
        await app.StartAsync();
        return issuer;
    }

    /// <summary>A token that opens projects by their app roles.</summary>
    /// <param name="projects">The projects.</param>
    public string TokenFor(params string[] projects) =>
        Token(("roles", (string[])[.. projects.Select(project => "batch.project." + project)]));

    /// <summary>A token of claims of one's own in the place of, or beside, those that a good one has; null takes a claim away.</summary>
    /// <param name="claims">The claims.</param>
    public string Token(params (string Name, object? Value)[] claims) => TokenSigned(Key, SecurityAlgorithms.RsaSha256, claims);

    /// <summary>A token that is signed in another way, or not at all.</summary>
    /// <param name="key">The key; null for none.</param>
    /// <param name="algorithm">How it signs.</param>
    /// <param name="claims">As for <see cref="Token"/>.</param>
    public string TokenSigned(SecurityKey? key, string algorithm, params (string Name, object? Value)[] claims)
    {
        ArgumentNullException.ThrowIfNull(claims);
        var now = _time.GetUtcNow().ToUnixTimeSeconds();
        var all = new Dictionary<string, object?>
        {
            ["iss"] = Address,
            ["aud"] = Audience,
            ["nbf"] = now,
            ["exp"] = now + 3600,
            ["roles"] = (string[])["batch.project.local"],
        };
        foreach (var (name, value) in claims)
        {
            all[name] = value;
        }

        var header = new { alg = algorithm, typ = "JWT", kid = key?.KeyId };
        var signed = Encoded(header) + "." + Encoded(all.Where(claim => claim.Value is not null).ToDictionary());
        return signed + "." + (key is null ? "" : Base64UrlEncoder.Encode(SignatureOf(key, algorithm, signed)));
    }

    /// <summary>It signs with another key from now on, and publishes that alone.</summary>
    public void Rotate() => _key = new SigningKey("key-" + Guid.NewGuid().ToString("N"));

    /// <summary>It answers 503 from now on.</summary>
    public void GoDown() => _isDown = true;

    /// <summary>It answers again.</summary>
    public void ComeUp() => _isDown = false;

    /// <summary>It lets everybody wait until <see cref="Release"/>.</summary>
    public void Hold() => _hold = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>It answers those who wait.</summary>
    public void Release()
    {
        _hold?.SetResult();
        _hold = null;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static string Encoded(object part) => Base64UrlEncoder.Encode(JsonSerializer.SerializeToUtf8Bytes(part));

    private static byte[] SignatureOf(SecurityKey key, string algorithm, string text)
    {
        using var signer = CryptoProviderFactory.Default.CreateForSigning(key, algorithm);
        return signer.Sign(System.Text.Encoding.ASCII.GetBytes(text));
    }

    private async Task<IResult> MetadataAsync(CancellationToken ct)
    {
        Interlocked.Increment(ref _reads);
        if (_hold is { } hold)
        {
            await hold.Task.WaitAsync(ct);
        }

        return _isDown ? Results.StatusCode((int)HttpStatusCode.ServiceUnavailable)
            : Results.Json(new { issuer = Address, jwks_uri = Address + "/keys" });
    }

    private IResult Keys() => Results.Json(new { keys = new[] { _key.Public } });

    private sealed class SigningKey
    {
        public SigningKey(string id)
        {
            using var rsa = RSA.Create(2048);
            Private = new RsaSecurityKey(rsa.ExportParameters(true)) { KeyId = id };
            var parts = rsa.ExportParameters(false);
            Public = new
            {
                kty = "RSA",
                use = "sig",
                alg = "RS256",
                kid = id,
                n = Base64UrlEncoder.Encode(parts.Modulus),
                e = Base64UrlEncoder.Encode(parts.Exponent),
            };
        }

        public RsaSecurityKey Private { get; }

        public object Public { get; }
    }
}
