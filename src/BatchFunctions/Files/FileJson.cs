using System.Text.Json;

namespace BatchFunctions.Files;

/// <summary>A file as the API answers it: OpenAI's properties in OpenAI's order, absent values as explicit nulls.</summary>
internal static class FileJson
{
    public static void Write(Utf8JsonWriter writer, StoredFile file)
    {
        writer.WriteStartObject();
        writer.WriteString("id"u8, file.Id);
        writer.WriteString("object"u8, "file"u8);
        writer.WriteNumber("bytes"u8, file.Bytes);
        writer.WriteNumber("created_at"u8, file.CreatedAt.ToUnixTimeSeconds());
        if (file.ExpiresAt is { } expiresAt)
        {
            writer.WriteNumber("expires_at"u8, expiresAt.ToUnixTimeSeconds());
        }
        else
        {
            writer.WriteNull("expires_at"u8);
        }

        writer.WriteString("filename"u8, file.Filename);
        writer.WriteString("purpose"u8, file.Purpose);
        writer.WriteString("status"u8, "processed"u8);
        writer.WriteNull("status_details"u8);
        writer.WriteEndObject();
    }

    public static void WriteList(Utf8JsonWriter writer, FilePage page)
    {
        writer.WriteStartObject();
        writer.WriteString("object"u8, "list"u8);
        writer.WriteStartArray("data"u8);
        foreach (var file in page.Files)
        {
            Write(writer, file);
        }

        writer.WriteEndArray();
        writer.WriteString("first_id"u8, page.Files.Count > 0 ? page.Files[0].Id : null);
        writer.WriteString("last_id"u8, page.Files.Count > 0 ? page.Files[^1].Id : null);
        writer.WriteBoolean("has_more"u8, page.HasMore);
        writer.WriteEndObject();
    }

    public static void WriteDeleted(Utf8JsonWriter writer, string id)
    {
        writer.WriteStartObject();
        writer.WriteString("id"u8, id);
        writer.WriteString("object"u8, "file"u8);
        writer.WriteBoolean("deleted"u8, true);
        writer.WriteEndObject();
    }
}
