using System.Collections.Frozen;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace BatchFunctions.Page;

/// <summary>
/// The web page: the files of <c>Static</c>, embedded in the library, so that both hosts serve the same ones; its modules as one
/// script (<see cref="ModuleLinker"/>). They contain no data; the page gets everything from the API, with the key that is pasted into it.
/// </summary>
internal static class PageFiles
{
    /// <summary>The path of the page; its other files are below <c>/page/</c>.</summary>
    public const string Root = "/";

    /// <summary>
    /// Allows nothing but the service's own files and answers: no inline script or style, no other host, no framing.
    /// Markup from strings is refused too, since everything that the page shows comes from users.
    /// </summary>
    private const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; "
        + "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

    /// <summary>The methods that the page's files can be requested with.</summary>
    public static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Head];

    private const string Folder = "/page/";
    private const string Index = "index.html";
    private const string Script = "main.js";

    private static readonly Lazy<FrozenDictionary<string, PageFile>> Files = new(() =>
        typeof(PageFiles).Assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Folder, StringComparison.Ordinal))
            .Select(name => name[Folder.Length..])
            .Where(name => name == Script || !name.EndsWith(".js", StringComparison.Ordinal))
            .Select(FileOf)
            .ToFrozenDictionary(file => file.Path, StringComparer.Ordinal));

    /// <summary>The paths of all files.</summary>
    public static IEnumerable<string> Paths => Files.Value.Keys;

    /// <summary>Whether a path belongs to the page.</summary>
    public static bool Has(string path) => Files.Value.ContainsKey(path);

    /// <summary>
    /// A file of the page, compressed as the request accepts it. Browsers revalidate it each time and get a 304 if its ETag
    /// still matches, so that an upgrade shows with the next load.
    /// </summary>
    public static IResult Answer(string path, HttpRequest request)
    {
        var file = Files.Value[path];
        var sent = file.In(ContentCodings.Choose(request));
        var headers = request.HttpContext.Response.Headers;
        headers.ContentSecurityPolicy = ContentSecurityPolicy;
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers.CacheControl = "no-cache";
        headers.Vary = HeaderNames.AcceptEncoding;
        if (sent.Coding is { } coding)
        {
            headers.ContentEncoding = coding;
        }

        return Results.Bytes(sent.Content, file.ContentType, entityTag: sent.Tag);
    }

    private static PageFile FileOf(string name) => new(
        name == Index ? Root : Folder + name,
        name == Script ? Encoding.UTF8.GetBytes(ModuleLinker.Link(name, module => Encoding.UTF8.GetString(Read(module)))) : Read(name),
        ContentTypeOf(Path.GetExtension(name)));

    private static byte[] Read(string name)
    {
        using var stream = typeof(PageFiles).Assembly.GetManifestResourceStream(Folder + name)
            ?? throw new InvalidOperationException($"The page has no '{name}'.");
        var content = new byte[stream.Length];
        stream.ReadExactly(content);
        return content;
    }

    private static string ContentTypeOf(string extension) => extension switch
    {
        ".html" => "text/html; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".svg" => "image/svg+xml",
        _ => throw new InvalidOperationException($"The page has a file of a kind that is not served: '{extension}'."),
    };
}
