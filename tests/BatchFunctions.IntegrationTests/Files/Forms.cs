using System.Net.Http.Headers;
using System.Text;

namespace BatchFunctions.IntegrationTests.Files;

/// <summary>Multipart bodies, to the byte.</summary>
internal static class Forms
{
    public const string Line = """{"custom_id":"a","method":"POST","url":"/v1/chat/completions","body":{"model":"m"}}""";

    public const string Boundary = "----boundary";

    public static string Field(string name, string value) =>
        $"Content-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}";

    public static string File(string content, string filename = "input.jsonl", string name = "file") =>
        $"Content-Disposition: form-data; name=\"{name}\"; filename=\"{filename}\"\r\nContent-Type: application/jsonl\r\n\r\n{content}";

    public static HttpContent Of(params string[] parts) =>
        Raw(string.Concat(parts.Select(part => $"--{Boundary}\r\n{part}\r\n")) + $"--{Boundary}--\r\n");

    public static HttpContent Raw(string body, string contentType = $"multipart/form-data; boundary={Boundary}")
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        return content;
    }

    /// <summary>A form whose file is made while it is sent.</summary>
    public static HttpContent Streamed(Stream file, string name = "file", params string[] fields)
    {
        var form = new MultipartFormDataContent(Boundary);
        foreach (var field in fields)
        {
            var (key, value) = (field.Split('=')[0], field.Split('=')[1]);
            form.Add(new StringContent(value), $"\"{key}\"");
        }

        var content = new StreamContent(file, 64 * 1024);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        form.Add(content, $"\"{name}\"", "\"large.jsonl\"");
        return form;
    }
}
